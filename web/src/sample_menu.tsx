/** The menu of saved operations: each opens in a tab of its own, or in the tab where it already is. */
import { ChevronDownIcon, DropdownMenu, pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { type Sample, samples } from "./samples";

function useOpenSample(): (sample: Sample) => void {
  const { addTab, changeTab, stop, updateActiveTabValues } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick("tabs", "queryEditor", "variableEditor"));
  return (sample) => {
    // A running subscription would write its next event into the tab that is opened now.
    stop();
    const index = tabs.findIndex((tab) => tab.query?.trim() === sample.query.trim());
    if (index >= 0) {
      changeTab(index);
      return;
    }
    addTab();
    updateActiveTabValues({ query: sample.query, variables: sample.variables });
    queryEditor?.setValue(sample.query);
    variableEditor?.setValue(sample.variables);
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
