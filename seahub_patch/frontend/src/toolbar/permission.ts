interface CustomPermission {
  permission?: { upload?: boolean };
}

declare global {
  interface Window {
    /** Seahub's own: what the Pro edition lets the user do in the library that was opened last with such a right. */
    custom_permission?: CustomPermission;
  }
}

/**
 * Whether a custom permission forbids to upload into a library. Seahub shows its menu all the same, with fewer items;
 * and it leaves the value when the user goes on to another library, so the library where it was first seen counts.
 */
export function makeUploadCheck(): (repoId: string) => boolean {
  const libraries = new WeakMap<CustomPermission, string>();
  return (repoId) => {
    const custom = window.custom_permission;
    if (!custom) return true;
    if (!libraries.has(custom)) libraries.set(custom, repoId);
    return libraries.get(custom) !== repoId || custom.permission?.upload !== false;
  };
}
