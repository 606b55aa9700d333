import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { Tabs } from './Tabs';

beforeEach(() => {
  const tabs = ['One', 'Two', 'Three'].map((title) => ({ id: title, title, content: () => <p>{title} inside</p> }));
  render(<Tabs label="All" tabs={tabs} />);
});

const chosen = () => screen.getByRole('tab', { selected: true });

test('shows the first tab and nothing of the others', () => {
  expect(chosen().textContent).toBe('One');
  expect(screen.getByRole('tabpanel', { name: 'One' }).textContent).toBe('One inside');
  expect(screen.queryByText('Two inside')).toBeNull();
});

test('a click shows another one, and names its panel after it', async () => {
  await userEvent.click(screen.getByRole('tab', { name: 'Two' }));
  expect(chosen().textContent).toBe('Two');
  expect(screen.getByRole('tabpanel', { name: 'Two' }).textContent).toBe('Two inside');
  expect(screen.queryByText('One inside')).toBeNull();
});

test('is one stop for the Tab key, with arrows, Home and End inside', async () => {
  await userEvent.tab();
  expect(document.activeElement).toBe(chosen());
  const seen: (string | null)[] = [];
  for (const key of ['{ArrowRight}', '{ArrowRight}', '{ArrowRight}', '{ArrowLeft}', '{Home}', '{End}']) {
    await userEvent.keyboard(key);
    expect(document.activeElement).toBe(chosen());
    seen.push(chosen().textContent);
  }
  expect(seen).toEqual(['Two', 'Three', 'One', 'Three', 'One', 'Three']);
  await userEvent.tab();
  expect(document.activeElement).toBe(document.body);
});
