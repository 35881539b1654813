import { PERMISSIONS, SYSTEM_ROLES } from "../permissions.ts";

/** Permissions of the catalogue, with which of the system roles have each. @param shows which to list. */
export function presentPermissions(shows: (name: string) => boolean = () => true) {
  const roles = Object.entries(SYSTEM_ROLES);
  return {
    roles: roles.map(([name]) => name),
    rows: Object.entries(PERMISSIONS)
      .filter(([name]) => shows(name))
      .map(([name, what]) => ({
        name,
        what,
        has: roles.map(([, { permissions }]) => permissions.some((permission) => permission === name)),
      })),
  };
}
