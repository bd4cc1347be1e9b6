export { default as Lessons } from './Lessons.svelte';
export { lessonLine } from './lessons';
