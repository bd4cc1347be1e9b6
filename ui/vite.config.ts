import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** One place for the three tiers; eslint keeps who may import whom. */
const tier = (name: string) => fileURLToPath(new URL(`./src/${name}`, import.meta.url));

/** Every page uses every font: they are on their way before the styles that name them are read. */
const fontsFirst: Plugin = {
  name: 'fonts-first',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { bundle = {} }) =>
      Object.keys(bundle)
        .filter((file) => file.endsWith('.woff2'))
        .map((file) => ({
          tag: 'link',
          attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: true, href: `/${file}` },
          injectTo: 'head' as const,
        })),
  },
};

export default defineConfig({
  plugins: [svelte(), fontsFirst],
  resolve: {
    alias: {
      $api: tier('api'),
      $app: tier('app'),
      $features: tier('features'),
      $i18n: tier('i18n'),
      $shared: tier('shared'),
    },
    // Component tests run in a browser-like world, not in the server build of Svelte.
    ...(process.env.VITEST ? { conditions: ['browser'] } : {}),
  },
  build: {
    // Old laptops: the webviews of Windows 10 and Debian 12.
    target: ['chrome109', 'safari15'],
    // A font or an icon inlined as a data: address would need a looser content policy.
    assetsInlineLimit: 0,
    sourcemap: false,
    // What of others the pages carry; packages bring it along (crates/xtask/src/notices.rs).
    license: true,
    rollupOptions: { input: { desktop: 'index.html' } },
  },
  server: { port: 5173, strictPort: true, host: '127.0.0.1' },
  // Logic is tested without a DOM; a test that needs one says so in its first line.
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
