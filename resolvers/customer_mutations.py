"""The mutation that changes a customer that was created here, and the field of its payload."""

from domain.customers.own_customers import UpdateCustomer
from resolvers.context import Context
from resolvers.mutations import ObjectResult, changed_id, run_mutation
from store.changes.mutations import ChangedObject, MutationRequest
from store.customers.customers import CustomerDocument
from store.entitlements import customer_updates


async def update_customer(context: Context, request: MutationRequest[UpdateCustomer]) -> ObjectResult:
    return await run_mutation(context, request, customer_updates.update_customer, ChangedObject)


async def changed_customer(context: Context, payload: ObjectResult) -> CustomerDocument | None:
    customers = await context.loaders.find_customers([id_] if (id_ := changed_id(payload)) else ())
    return customers[0] if customers else None
