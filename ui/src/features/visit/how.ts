/** How a missing step is done at home: short, without a network, and with nothing asked that must not be asked. */
import type { VerdictView } from '$api/client';
import { m } from '$i18n';
import type { Visiting } from './steps';

export interface How {
  code: string;
  title: string;
  lines: string[];
}

type Words = () => string;

/** By the code of the fact or event that is missing. */
const HOW: Record<string, { title: Words; lines: Words[] }> = {
  smartphone: {
    title: m['how.title.smartphone'],
    lines: [m['how.smartphone.1'], m['how.smartphone.2'], m['how.smartphone.3']],
  },
  vneid: {
    title: m['how.title.vneid'],
    lines: [m['how.vneid.1'], m['how.vneid.2'], m['how.vneid.3'], m['how.vneid.4']],
  },
  payment: {
    title: m['how.title.payment'],
    lines: [m['how.payment.1'], m['how.payment.2'], m['how.payment.3'], m['how.payment.4']],
  },
  knows: {
    title: m['how.title.knows'],
    lines: [m['how.knows.1'], m['how.knows.2'], m['how.knows.3']],
  },
  skill: {
    title: m['how.title.skill'],
    lines: [m['how.skill.1'], m['how.skill.2'], m['how.skill.3']],
  },
  uses: { title: m['how.title.uses'], lines: [m['how.uses.1'], m['how.uses.2'], m['how.uses.3']] },
  safe: {
    title: m['how.title.safe'],
    lines: [m['how.safe.1'], m['how.safe.2'], m['how.safe.3'], m['how.safe.4']],
  },
  bdhvs: {
    title: m['how.title.bdhvs'],
    lines: [m['how.bdhvs.1'], m['how.bdhvs.2'], m['how.bdhvs.3'], m['how.bdhvs.4']],
  },
  guides_family: {
    title: m['how.title.guides_family'],
    lines: [m['how.guides_family.1'], m['how.guides_family.2'], m['how.guides_family.3']],
  },
  attended: { title: m['how.title.attended'], lines: [m['how.attended.1'], m['how.attended.2']] },
  guided: { title: m['how.title.guided'], lines: [m['how.guided.1'], m['how.guided.2']] },
};

/**
 * What can be shown now: the row that is being asked first, then what the verdict misses. What a newer version
 * counts has no words here yet.
 */
export function howNow(visiting: Visiting, verdict: VerdictView): How[] {
  const { stage, fact } = visiting.place;
  const row = stage === 'facts' && fact ? [fact] : [];
  const missing = verdict.state === 'met' ? [] : [...verdict.steps, ...(verdict.to_ask?.steps ?? [])];
  const codes = new Set<string>([...row, ...missing.map(({ code }) => code)]);
  return [...codes].flatMap((code) => {
    const how = Object.hasOwn(HOW, code) ? HOW[code] : undefined;
    return how ? [{ code, title: how.title(), lines: how.lines.map((line) => line()) }] : [];
  });
}

/** Every code that has a how-to. */
export const HOW_CODES = Object.keys(HOW);
