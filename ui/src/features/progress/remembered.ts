/** Where the map was left, so that the way back from a visit ends at the same house. Ids, in memory only. */
export const remembered: { unit: string | null; household: string | undefined } = {
  unit: null,
  household: undefined,
};
