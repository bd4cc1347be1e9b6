/** What the answer rows have in common. */
export interface AnswerOption {
  value: string;
  label: string;
  /** The shape it takes once chosen: solid with a tick, tinted with a cross, dashed with a question mark. */
  kind: 'yes' | 'no' | 'unknown';
  /** Cannot be chosen here; the page says why. */
  disabled?: boolean;
}

/**
 * The values after `pressed` was pressed in a row of which several may hold. An `alone` value ("Không",
 * "Chưa rõ") drives out all others and is driven out by them. The order is that of `options`.
 */
export function toggled(
  values: readonly string[],
  pressed: string,
  options: readonly string[],
  alone: readonly string[],
): string[] {
  if (values.includes(pressed)) return values.filter((value) => value !== pressed);
  if (alone.includes(pressed)) return [pressed];
  return options.filter(
    (option) => option === pressed || (values.includes(option) && !alone.includes(option)),
  );
}
