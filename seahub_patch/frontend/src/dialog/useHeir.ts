import { useLayoutEffect, type RefObject } from 'react';

/**
 * When `element` goes while the keyboard's focus is in it, the focus goes on to what is around it: to nothing that
 * the next key would press.
 */
export function useHeir(element: RefObject<HTMLElement | null>, around: string): void {
  useLayoutEffect(() => {
    const gone = element.current;
    return () => {
      if (gone?.contains(document.activeElement)) gone.closest<HTMLElement>(around)?.focus({ preventScroll: true });
    };
  }, [element, around]);
}
