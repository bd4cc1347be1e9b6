export { default as Roster } from './Roster.svelte';
