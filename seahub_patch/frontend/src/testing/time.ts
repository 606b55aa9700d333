import { act } from '@testing-library/react';
import { vi } from 'vitest';

/** Lets so many milliseconds of the false clock pass, and all that waits for them happen. */
export async function pass(milliseconds: number): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(milliseconds);
    // One answer is the reason for the next question.
    for (let round = 0; round < 5; round += 1) await vi.advanceTimersByTimeAsync(0);
  });
}

/** Lets what is under way be answered. */
export const settle = (): Promise<void> => pass(0);

export function hidePage(isHidden: boolean): void {
  Object.defineProperty(document, 'hidden', { configurable: true, value: isHidden });
  document.dispatchEvent(new Event('visibilitychange'));
}
