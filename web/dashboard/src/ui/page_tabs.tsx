/** The tabs of a page. The parameter `tab` of the address names the open one. */
import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useSearchParams } from "wouter";

interface Props {
  label: string;
  tabs: readonly { id: string; name: string; content: ReactNode }[];
  /** The tab of an address that names none; without it, the first. */
  initial?: string;
}

export function PageTabs({ label, tabs, initial = tabs[0]?.id ?? "" }: Props) {
  const [parameters] = useSearchParams();
  const openTab = useOpenTab();
  const open = tabs.find(({ id }) => id === parameters.get("tab"))?.id ?? initial;
  return (
    <Tabs selectedKey={open} onSelectionChange={(key) => openTab(String(key))}>
      <TabList className="tabs" aria-label={label}>
        {tabs.map(({ id, name }) => (
          <Tab key={id} id={id} className="tab">
            {name}
          </Tab>
        ))}
      </TabList>
      {tabs.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="tab-panel">
          {content}
        </TabPanel>
      ))}
    </Tabs>
  );
}

export function useOpenTab(): (id: string) => void {
  const [, setParameters] = useSearchParams();
  return (id) => setParameters({ tab: id }, { replace: true });
}
