/** The menu of saved operations: each opens in a tab of its own, or in the tab where it already is. */
import { ChevronDownIcon, DropdownMenu, pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { Kind, type OperationDefinitionNode, parse } from "graphql";
import { type Sample, samples } from "./samples";

/** GraphiQL reads these from the text a moment later; who runs it at once would run it as the former operation. */
function factsOf(sample: Sample) {
  const documentAST = parse(sample.query);
  const operations = documentAST.definitions.filter(
    (each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION,
  );
  return { documentAST, operations, operationName: operations[0]?.name?.value ?? "" };
}

function useOpenSample(): (sample: Sample) => void {
  const { addTab, changeTab, setOperationFacts, stop, updateActiveTabValues } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick("tabs", "queryEditor", "variableEditor"));
  return (sample) => {
    // A running subscription would write its next event into the tab that is opened now.
    stop();
    const index = tabs.findIndex((tab) => tab.query?.trim() === sample.query.trim());
    if (index >= 0) {
      changeTab(index);
    } else {
      addTab();
      updateActiveTabValues({ query: sample.query, variables: sample.variables });
      queryEditor?.setValue(sample.query);
      variableEditor?.setValue(sample.variables);
    }
    setOperationFacts(factsOf(sample));
  };
}

export function SampleMenu() {
  const open = useOpenSample();
  return (
    <DropdownMenu>
      <DropdownMenu.Button className="bar-button">
        Sample operations <ChevronDownIcon aria-hidden="true" />
      </DropdownMenu.Button>
      <DropdownMenu.Content className="sample-menu" align="end">
        {samples.map((sample) => (
          <DropdownMenu.Item key={sample.title} onSelect={() => open(sample)}>
            {sample.title}
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
