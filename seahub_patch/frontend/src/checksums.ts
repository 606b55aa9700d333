import { gettext } from './i18n';

const LENGTHS: Record<string, number> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };
const WRITTEN = /^(?:(md5|sha-?(?:1|256|512))\s*[=:]\s*)?([0-9a-f]+)$/i;

/** A sentence when this cannot be a checksum; the server has the last word. */
export function problemOfChecksum(checksum: string): string {
  const text = checksum.trim();
  if (!text) return '';
  const [, kind, digest] = WRITTEN.exec(text) ?? [];
  const lengths = kind ? [LENGTHS[kind.toLowerCase().replace('-', '')]] : Object.values(LENGTHS);
  if (digest && lengths.includes(digest.length)) return '';
  return gettext(
    'This is not a checksum; it should be an MD5, SHA-1, SHA-256 or SHA-512 like sha-256=… or its digits alone.',
  );
}
