import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/**
 * The tiers: shared <- features <- app, and everybody may use api and i18n. A feature is entered by another
 * only through its index.ts. A lint keeps it, so that no review has to.
 */
const mayNot = (patterns, message) => ({
  'no-restricted-imports': ['error', { patterns: [{ group: patterns, message }] }],
});

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/i18n/generated', 'src/api/generated', 'project.inlang'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      'no-console': 'error',
      // `fetch` and `invoke` have one caller each, under src/api.
      'no-restricted-globals': [
        'error',
        'fetch',
        'XMLHttpRequest',
        'WebSocket',
        'localStorage',
        'sessionStorage',
      ],
    },
  },
  {
    files: ['src/shared/**'],
    rules: mayNot(
      ['$features/*', '$app/*', '**/features/**', '**/app/**'],
      'shared stands below features and app',
    ),
  },
  {
    files: ['src/features/**'],
    rules: mayNot(
      ['$app/*', '**/app/**', '$features/*/*', '@tauri-apps/*'],
      'a feature imports shared, api, i18n, and other features by their index only',
    ),
  },
  {
    files: ['src/app/**'],
    rules: mayNot(['$features/*/*', '@tauri-apps/*'], 'app imports features by their index only'),
  },
);
