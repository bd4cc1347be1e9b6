import { expect, it } from 'vitest';
import type { StepView, VerdictView } from '$api/client';
import { FACTS } from '$api/generated/commands';
import { codesOf } from '$i18n/labels';
import { HOW_CODES, howNow } from './how';
import { BEGIN, press, type Visiting } from './steps';
import { household, person } from './sample';

const step = (code: string, now: StepView['now'] = 'no'): StepView => ({
  clause: 'c1',
  kind: 'fact',
  code,
  now,
});
const verdict = (more: Partial<VerdictView>): VerdictView => ({
  state: 'not_met',
  tile: 'not_met',
  recognisable: false,
  person: 'An',
  clauses: [],
  steps: [],
  to_ask: null,
  ...more,
});
const at = (fact: 'vneid' | null): Visiting => ({
  ...BEGIN,
  place: { ...BEGIN.place, stage: 'facts', fact },
});
const codes = (visiting: Visiting, of: VerdictView) => howNow(visiting, of).map(({ code }) => code);

it('everything that can be missing has a how-to', () => {
  const without = ['assisted_by', 'digital_signature'];
  const missing = [...FACTS.filter((fact) => !without.includes(fact)), ...codesOf('event')];
  expect([...HOW_CODES].sort()).toEqual([...missing].sort());
});

it('begins with the row that is asked, then what the verdict misses, each once', () => {
  const missing = verdict({
    steps: [step('bdhvs'), step('vneid')],
    to_ask: { person: 'Ba', steps: [step('uses')] },
  });
  expect(codes(at('vneid'), missing)).toEqual(['vneid', 'bdhvs', 'uses']);
  expect(codes(at(null), missing)).toEqual(['bdhvs', 'vneid', 'uses']);
  expect(codes(BEGIN, verdict({ state: 'met', steps: [step('bdhvs')] }))).toEqual([]);
  expect(codes(BEGIN, verdict({ steps: [step('of_a_newer_version')] }))).toEqual([]);
});

it('F2 opens it wherever the visit stands', () => {
  const view = household([person('An', 40)]);
  expect(press(view, BEGIN, 'F2')?.deed).toEqual({ do: 'how' });
  expect(press(view, at('vneid'), 'F2')).toEqual({ visiting: at('vneid'), deed: { do: 'how' } });
});
