/** What a link opens the page with: `?query=`, `&variables=`, `&operationName=`. Nothing runs by itself. */
import { type DocumentNode, parse, print, separateOperations } from "graphql";

interface Opened {
  initialQuery?: string;
  initialVariables?: string;
}

export function linkedOperation(search: string): Opened {
  const linked = new URLSearchParams(search);
  const query = linked.get("query");
  if (!query) return {};
  return { initialQuery: chosenOperation(query, linked.get("operationName")), initialVariables: linked.get("variables") ?? "" };
}

/** Of a text with several operations, the one of this name with its fragments: GraphiQL would ask which one to run. */
function chosenOperation(query: string, name: string | null): string {
  if (!name) return query;
  let separate: Record<string, DocumentNode>;
  try {
    separate = separateOperations(parse(query));
  } catch {
    return query;
  }
  const chosen = separate[name];
  return chosen && Object.keys(separate).length > 1 ? print(chosen) : query;
}
