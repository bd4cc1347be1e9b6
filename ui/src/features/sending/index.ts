export { default as Sending } from './Sending.svelte';
