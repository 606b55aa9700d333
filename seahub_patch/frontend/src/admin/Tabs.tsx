import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

export interface Tab {
  id: string;
  title: string;
  content: () => ReactNode;
}

/** A tab bar as screen readers and keyboards know it: one stop for the Tab key, arrows inside. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const prefix = useId();
  const bar = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(tabs[0]!.id);

  const onKeyDown = (event: KeyboardEvent) => {
    const index = tabs.findIndex(({ id }) => id === current);
    const target = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const next = (target + tabs.length) % tabs.length;
    setCurrent(tabs[next]!.id);
    bar.current?.querySelectorAll<HTMLElement>('[role="tab"]')[next]?.focus();
  };

  return (
    <>
      <div ref={bar} className="od-admin-tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${prefix}-tab-${id}`}
            className="od-admin-tab"
            aria-selected={id === current}
            aria-controls={`${prefix}-panel-${id}`}
            tabIndex={id === current ? 0 : -1}
            onClick={() => setCurrent(id)}
          >
            {title}
          </button>
        ))}
      </div>
      {tabs.map(({ id, content }) => (
        <div
          key={id}
          role="tabpanel"
          id={`${prefix}-panel-${id}`}
          className="od-admin-panel"
          aria-labelledby={`${prefix}-tab-${id}`}
          hidden={id !== current}
        >
          {id === current && content()}
        </div>
      ))}
    </>
  );
}
