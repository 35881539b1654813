/** `role_permission` → `RolePermission`. */
export function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|[_-])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `deletion-preview` → `deletionPreview`. */
export function camelCase(name: string): string {
  return name.replaceAll(/[_-]([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `role_permission` → `role permission`. */
export function spoken(name: string): string {
  return name.replaceAll(/[_-]/g, " ");
}
