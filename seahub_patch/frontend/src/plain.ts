// Control characters, line ends and marks of writing direction: what other programs write into the list may hold them,
// and they would show another text than it is. The same as `plain` of seafevents_offline/text.py.
const STEERING = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** The text as a part of a line, in the order in which it stands. */
export function plain(text: string): string {
  return text.replace(STEERING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
