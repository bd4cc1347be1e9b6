/**
 * What a person chose for the look of the screen, and what the window leaves room for. Both become attributes
 * of the root element, so that style sheets decide and components do not measure. Not stored here: `look.ts`
 * hands what was chosen to the program.
 */
import type { Theme } from '$api/client';

export const TEXT_SIZES = [100, 115, 130, 150] as const;
export type TextSize = (typeof TEXT_SIZES)[number];

/** Below this the right panel becomes a drawer: a 1366 px screen scaled to 125 % by its owner. */
const NARROW_BELOW_PX = 1200;
/** Below this no two columns fit beside each other: the same screen at 200 %. */
const STACKED_BELOW_PX = 900;
/** Below this the hint line goes. */
const LOW_BELOW_PX = 700;

/** Below this bars leave nothing between them: the page scrolls as one, and only what it is for stays in sight. */
const FLAT_BELOW_PX = 480;

export interface Room {
  /** The right panel is a drawer, the rail is narrower. */
  narrow: boolean;
  /** No line of key hints. */
  low: boolean;
  /** Columns stand one above the other. */
  stacked: boolean;
  /** The top bar scrolls away with the page. */
  flat: boolean;
}

/** How much room a window has. Large text needs what a narrow window lacks. */
export function roomOf(width_px: number, height_px: number, textSize: TextSize): Room {
  return {
    narrow: width_px < NARROW_BELOW_PX || textSize >= 130,
    low: height_px < LOW_BELOW_PX || textSize >= 130,
    stacked: textSize >= 150 || width_px < STACKED_BELOW_PX || (width_px < NARROW_BELOW_PX && textSize > 100),
    flat: height_px < FLAT_BELOW_PX,
  };
}

class Appearance {
  theme = $state<Theme>('system');
  textSize = $state<TextSize>(100);
  room = $state<Room>({ narrow: false, low: false, stacked: false, flat: false });

  /** Keeps the root element up to date until the returned function is called. */
  attach(view: Window): () => void {
    const root = view.document.documentElement;
    const measure = () => (this.room = roomOf(view.innerWidth, view.innerHeight, this.textSize));
    view.addEventListener('resize', measure);
    const stop = $effect.root(() => {
      $effect(() => {
        root.dataset.theme = this.theme;
        root.dataset.text = String(this.textSize);
        measure();
      });
      $effect(() => {
        for (const [name, on] of Object.entries(this.room)) root.toggleAttribute(`data-${name}`, on);
      });
    });
    return () => {
      view.removeEventListener('resize', measure);
      stop();
    };
  }
}

export const appearance = new Appearance();
