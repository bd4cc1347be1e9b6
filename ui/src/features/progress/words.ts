/** The words of *Tiến độ*: what a tile, a reason and a rate say. */
import type { AlleyMap, DoorView, Figures, HouseholdView, ProgressView, TileState } from '$api/client';
import { m } from '$i18n';
import { calledShortly } from '$i18n/called';
import { formatDate, formatDay, formatMoment, formatNumber, formatShare } from '$i18n/format';
import { label } from '$i18n/labels';
import { doorName } from '$i18n/place';
import { clauseSteps, clauseWords, stepWords } from '$i18n/steps';
import { tileWord } from '$shared/tile';

export const alleyName = (name: string): string => name || m['progress.alley.unknown']();

/** The word of the legend: there the steps differ from house to house. */
export const stateWord = (state: TileState): string =>
  state === 'not_met' ? m['progress.state.steps_left']() : tileWord(state);

/** "Số 14, còn 1 bước" */
export const doorWords = (door: DoorView): string =>
  m['ui.tile.named']({
    name: doorName(door),
    state: tileWord(door.tile, door.steps ?? 0).toLocaleLowerCase('vi'),
  });

/** The sentence under a house: why it stands as it does. */
export function reasonWords({ reason }: DoorView): string {
  switch (reason.code) {
    case 'promised':
      return m['progress.reason.promised']({ day: formatDay(reason.day) });
    case 'one_step':
      return m[reason.step.now === 'unknown' ? 'progress.reason.one_unknown' : 'progress.reason.one_step']({
        step: stepWords(reason.step, reason.person),
      });
    case 'steps_left':
      return m['progress.reason.steps_left']({ steps: formatNumber(reason.steps) });
    default:
      return m[`progress.reason.${reason.code}`]();
  }
}

/** "Đến nhà lần cuối 22/11/2026: Vắng" */
export function lastWords({ last_day, last_outcome }: DoorView): string {
  if (!last_day || !last_outcome) return m['progress.last.none']();
  return m['progress.last']({ day: formatDay(last_day), outcome: label('outcome', last_outcome) });
}

/** "244 trên 338 (72,2%)": a share never stands without its whole. */
export const outOf = (part: number, whole: number): string =>
  whole > 0
    ? m['progress.out_of']({
        part: formatNumber(part),
        whole: formatNumber(whole),
        share: formatShare(part, whole)!,
      })
    : m['progress.out_of_none']();

/**
 * What a rate may claim. While something is unknown the yes found so far is the least it can be, and all
 * that is not a certain no is the most: the unknown is counted neither way.
 */
export function rateWords({ yes, no, unknown }: { yes: number; no: number; unknown: number }): string {
  const whole = yes + no + unknown;
  if (whole === 0) return m['progress.out_of_none']();
  if (unknown === 0) return outOf(yes, whole);
  return m['progress.rate.between']({
    part: formatNumber(yes),
    whole: formatNumber(whole),
    least: formatShare(yes, whole)!,
    most: formatShare(yes + unknown, whole)!,
  });
}

/** "Mới tính trên 412/586 hộ (70,3%), chưa phải số của cả thôn." Nothing once everybody was met. */
export function caveat({ met_in_person, households }: Figures): string | undefined {
  if (met_in_person >= households) return undefined;
  if (met_in_person === 0) return m['progress.caveat.none']({ households: formatNumber(households) });
  return m['progress.caveat']({
    met: formatNumber(met_in_person),
    households: formatNumber(households),
    share: formatShare(met_in_person, households)!,
  });
}

export const countedBy = ({ figures, computed_at_ms }: ProgressView): string =>
  m['progress.counted_by']({
    rules: figures.counted_by.join(', '),
    moment: formatMoment(computed_at_ms),
  });

/** Doors of an alley that still open: not met, and neither declined nor empty. */
const leftIn = ({ doors }: AlleyMap): number =>
  doors.filter(({ tile }) => tile === 'not_reached' || tile === 'not_met_in_person').length;

/** What the hamlet's own group may read: counts and alleys, nobody's name. */
export function groupSentence({ computed_at_ms, unit, figures, alleys }: ProgressView): string {
  const said = [
    m['progress.group']({
      day: formatDate(computed_at_ms),
      unit: unit?.name ?? '',
      households: formatNumber(figures.households),
      reached: formatNumber(figures.reached),
      met: formatNumber(figures.met_in_person),
      digital: formatNumber(figures.digital_family.met),
      houses: formatNumber(occupied(figures)),
    }),
  ];
  const begun = alleys
    .filter((alley) => alley.line.name && alley.line.met > 0 && leftIn(alley) > 0)
    .sort((one, other) => leftIn(one) - leftIn(other));
  const nearest = begun[0];
  if (nearest) {
    said.push(
      m['progress.group.nearest']({ count: formatNumber(leftIn(nearest)), alley: nearest.line.name }),
    );
  }
  return said.join(' ');
}

/** The houses that Gia đình số is counted over. */
export const occupied = ({ digital_family: { met, not_met, insufficient } }: Figures): number =>
  met + not_met + insufficient;

const RULE = { yes: 'met', no: 'not_met', unknown: 'unknown' } as const;

/** Each clause in the words of the plan, and what it still takes. */
export function rulesOf({ verdict, people }: HouseholdView) {
  const person = people.find(({ member }) => member === verdict.person)?.person ?? null;
  return verdict.clauses.map(({ id, citation, state }) => {
    const detail = clauseSteps(id, verdict.steps, person);
    const words = clauseWords(citation);
    return { state: RULE[state], label: detail ? `${words}:` : words, detail };
  });
}

/** "Hỏi bà Lan: VNeID, Hay chỉ cho cả nhà." */
export function toAskWords({ verdict, people }: HouseholdView): string | undefined {
  const asked = people.find(({ member }) => member === verdict.to_ask?.person);
  if (!asked || !verdict.to_ask) return undefined;
  const what = [...new Set(verdict.to_ask.steps.map(({ kind, code }) => label(kind, code)))].join(', ');
  return m['progress.to_ask']({ name: calledShortly(asked.person), what });
}

/** Đã đến, đã gặp, đủ thông tin: three counts over the same households. */
export const metSentences = ({ households, reached, complete, declined }: Figures): string[] => [
  m['progress.met.reached']({ rate: outOf(reached, households) }),
  m['progress.met.complete']({ rate: outOf(complete, households) }),
  ...(declined > 0 ? [m['progress.met.declined']({ count: formatNumber(declined) })] : []),
];

export function familySentences({ digital_family, rented_rooms }: Figures): string[] {
  const { met: yes, not_met: no, insufficient: unknown } = digital_family;
  const rooms = rented_rooms.digital_family;
  const said = [m['progress.family.sentence']({ rate: rateWords({ yes, no, unknown }) })];
  if (rented_rooms.households > 0) {
    said.push(
      m['progress.family.rooms']({
        count: formatNumber(rooms.met + rooms.not_met + rooms.insufficient),
        met: formatNumber(rooms.met),
        not_met: formatNumber(rooms.not_met),
        insufficient: formatNumber(rooms.insufficient),
      }),
    );
  }
  return said;
}
