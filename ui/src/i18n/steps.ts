/** What is missing for Gia đình số, in words that can be said at the door. */
import type { Named, StepView } from '$api/client';
import { calledShortly, capital } from './called';
import { m } from './index';
import { label } from './labels';

type Words = (parameters: { who: string }) => string;

const TO_DO: Record<string, Words> = {
  smartphone: m['ui.step_do.smartphone'],
  vneid: m['ui.step_do.vneid'],
  payment: m['ui.step_do.payment'],
  knows: m['ui.step_do.knows'],
  skill: m['ui.step_do.skill'],
  uses: m['ui.step_do.uses'],
  safe: m['ui.step_do.safe'],
  bdhvs: m['ui.step_do.bdhvs'],
  guides_family: m['ui.step_do.guides_family'],
  attended: m['ui.step_do.attended'],
  guided: m['ui.step_do.guided'],
};

/** The paragraph of the plan stands before its words; at a door the words are enough. */
export const clauseWords = (citation: string): string => capital(citation.replace(/^[^:]*:\s*/, ''));

/** What a clause still takes, of all the steps that are left. */
export const clauseSteps = (clause: string, steps: readonly StepView[], person: Named | null): string =>
  steps
    .filter((step) => step.clause === clause)
    .map((step) => stepWords(step, person))
    .join('; ');

/** "bà Lan tự làm một việc qua mạng"; what is not known is asked, never taken for missing. */
export function stepWords(step: StepView, person: Named | null): string {
  const who = person ? calledShortly(person) : m['ui.step_do.somebody']();
  const thing = label(step.kind, step.code);
  if (step.now === 'unknown') return m['ui.step_do.ask']({ who, thing });
  const words = Object.hasOwn(TO_DO, step.code) ? TO_DO[step.code] : undefined;
  return words ? words({ who }) : m['ui.step_do.other']({ who, thing });
}
