import { gettext } from '../i18n';
import type { Library } from './libraries';
import type { Folder } from './useFolder';

const KINDS = ['mine', 'shared', 'group', 'public'] as const;

export function LibrarySelect({ id, folder }: { id: string; folder: Folder }) {
  const { libraries, choice, choose } = folder;
  const groups = KINDS.map((kind) => ({ kind, of: (libraries ?? []).filter((library) => library.kind === kind) }));
  const filled = groups.filter(({ of }) => of.length > 0);
  return (
    <select
      id={id}
      className="form-control od-field od-picker-library"
      disabled={!libraries}
      value={choice?.repoId ?? ''}
      onChange={(event) => choose({ repoId: event.target.value, path: '/' })}
    >
      {!libraries && <option value="">{gettext('Loading…')}</option>}
      {filled.length === 1
        ? filled[0]!.of.map(option)
        : filled.map(({ kind, of }) => (
            <optgroup key={kind} label={kindName(kind)}>
              {of.map(option)}
            </optgroup>
          ))}
    </select>
  );
}

function option({ repoId, name }: Library) {
  return (
    <option key={repoId} value={repoId}>
      {name}
    </option>
  );
}

function kindName(kind: Library['kind']): string {
  switch (kind) {
    case 'mine':
      return gettext('My libraries');
    case 'shared':
      return gettext('Shared with me');
    case 'group':
      return gettext('Shared with groups');
    default:
      return gettext('Shared with all');
  }
}
