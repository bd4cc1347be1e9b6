import type { Component } from 'svelte';

/** An icon of the bundled set. Its size is in rem, so it grows with the text beside it. */
export type IconComponent = Component<{ size?: string | number; strokeWidth?: string | number }>;
