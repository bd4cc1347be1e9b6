/** Every address of the app. A page is added here, in `app/routes.ts`, and in the catalogue by its name. */
export const paths = {
  today: '/',
  visit: '/nha/:household',
  progress: '/tien-do',
  sending: '/gui-ve-xa',
  list: '/danh-sach',
  symbols: '/ky-hieu',
} as const;

export type PathName = keyof typeof paths;

/** The `href` of a page. Ids only: a name in an address would stay in a history. */
export function to(path: PathName, parameters: Record<string, string> = {}): string {
  const filled = paths[path].replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? ''),
  );
  return `#${filled}`;
}

/** Opens a page; links do it by `href={to(…)}`. */
export function go(path: PathName, parameters: Record<string, string> = {}): void {
  window.location.hash = to(path, parameters);
}
