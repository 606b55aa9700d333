import { useRef, type KeyboardEvent } from 'react';
import { number } from '../format';
import { gettext } from '../i18n';
import { tabCount, type ListState, type Tab } from '../state';

const TABS: Tab[] = ['all', 'active', 'failed'];

export interface TabsProps {
  state: ListState;
  onTab: (tab: Tab) => void;
}

/** One stop for the keyboard; arrows go from tab to tab. */
export function Tabs({ state, onTab }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const chosen = state.choice.tab;
  const onKeyDown = (event: KeyboardEvent) => {
    const tab = target(event.key, chosen);
    if (!tab) return;
    event.preventDefault();
    onTab(tab);
    list.current?.querySelector<HTMLElement>(`#od-tab-${tab}`)?.focus();
  };
  return (
    <div className="od-tabs" role="tablist" aria-labelledby="od-downloads" ref={list} onKeyDown={onKeyDown}>
      {TABS.map((tab) => (
        <button
          key={tab}
          id={`od-tab-${tab}`}
          type="button"
          role="tab"
          className="od-tab"
          aria-selected={tab === chosen}
          aria-controls="od-tabpanel"
          tabIndex={tab === chosen ? 0 : -1}
          onClick={() => tab !== chosen && onTab(tab)}
        >
          {label(tab)} <span className="od-count">{count(tabCount(state, tab))}</span>
        </button>
      ))}
    </div>
  );
}

function target(key: string, chosen: Tab): Tab | undefined {
  const at = TABS.indexOf(chosen);
  const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
  return key in steps ? TABS.at(steps[key]! % TABS.length) : undefined;
}

function label(tab: Tab): string {
  if (tab === 'active') return gettext('Active');
  return tab === 'failed' ? gettext('Failed') : gettext('All');
}

function count(value: number | null): string {
  return value === null ? '' : number(value);
}
