/**
 * Words for the codes of the register. A code that this version does not know (a newer laptop of the hamlet
 * wrote it) gets a phrase that says so and is never shown itself. labels.test.ts compares the lists with the
 * ones in crates/domain.
 */
import { m } from './index';

type Words = Record<string, () => string>;

const labels = {
  fact: {
    smartphone: m['label.fact.smartphone'],
    vneid: m['label.fact.vneid'],
    payment: m['label.fact.payment'],
    knows: m['label.fact.knows'],
    skill: m['label.fact.skill'],
    uses: m['label.fact.uses'],
    safe: m['label.fact.safe'],
    bdhvs: m['label.fact.bdhvs'],
    guides_family: m['label.fact.guides_family'],
    assisted_by: m['label.fact.assisted_by'],
    digital_signature: m['label.fact.digital_signature'],
  },
  /** The question as it is asked aloud; not every fact needs one. */
  probe: {
    vneid: m['label.probe.vneid'],
    payment: m['label.probe.payment'],
    knows: m['label.probe.knows'],
    skill: m['label.probe.skill'],
    uses: m['label.probe.uses'],
    safe: m['label.probe.safe'],
    guides_family: m['label.probe.guides_family'],
  },
  evidence: {
    imported: m['label.evidence.imported'],
    proxy: m['label.evidence.proxy'],
    self_reported: m['label.evidence.self_reported'],
    observed: m['label.evidence.observed'],
    demonstrated: m['label.evidence.demonstrated'],
    certified: m['label.evidence.certified'],
  },
  outcome: {
    met: m['label.outcome.met'],
    absent: m['label.outcome.absent'],
    postponed: m['label.outcome.postponed'],
    declined: m['label.outcome.declined'],
    vacant: m['label.outcome.vacant'],
    moved_out: m['label.outcome.moved_out'],
    not_found: m['label.outcome.not_found'],
    no_access: m['label.outcome.no_access'],
    nobody_to_answer: m['label.outcome.nobody_to_answer'],
    taken_back: m['label.outcome.taken_back'],
  },
  channel: {
    at_home: m['label.channel.at_home'],
    mobile_point: m['label.channel.mobile_point'],
    phone: m['label.channel.phone'],
    at_commune: m['label.channel.at_commune'],
  },
  topic: {
    dvc: m['label.topic.dvc'],
    shop: m['label.topic.shop'],
    pay: m['label.topic.pay'],
    safe: m['label.topic.safe'],
    local: m['label.topic.local'],
    vneid: m['label.topic.vneid'],
    bdhvs: m['label.topic.bdhvs'],
    health: m['label.topic.health'],
    ai: m['label.topic.ai'],
  },
  relation: {
    head: m['label.relation.head'],
    spouse: m['label.relation.spouse'],
    child: m['label.relation.child'],
    child_in_law: m['label.relation.child_in_law'],
    parent: m['label.relation.parent'],
    grandparent: m['label.relation.grandparent'],
    grandchild: m['label.relation.grandchild'],
    sibling: m['label.relation.sibling'],
    domestic_worker: m['label.relation.domestic_worker'],
    lodger: m['label.relation.lodger'],
    other: m['label.relation.other'],
  },
  residence: {
    present: m['label.residence.present'],
    away: m['label.residence.away'],
    temporary: m['label.residence.temporary'],
    moved_out: m['label.residence.moved_out'],
    deceased: m['label.residence.deceased'],
    unclear: m['label.residence.unclear'],
  },
  dwelling: { house: m['label.dwelling.house'], rented_room: m['label.dwelling.rented_room'] },
  sex: { male: m['label.sex.male'], female: m['label.sex.female'] },
  hamlet_unit: {
    hamlet: m['label.hamlet_unit.hamlet'],
    residential_group: m['label.hamlet_unit.residential_group'],
  },
  role: {
    team_member: m['label.role.team_member'],
    team_lead: m['label.role.team_lead'],
    hamlet_head: m['label.role.hamlet_head'],
    commune_officer: m['label.role.commune_officer'],
    admin: m['label.role.admin'],
    leader: m['label.role.leader'],
  },
  progress: {
    not_reached: m['label.progress.not_reached'],
    reached: m['label.progress.reached'],
    met: m['label.progress.met'],
    complete: m['label.progress.complete'],
  },
  purpose: {
    p1: m['label.purpose.p1'],
    p2: m['label.purpose.p2'],
    p3: m['label.purpose.p3'],
    p4: m['label.purpose.p4'],
  },
  basis: {
    consent: m['label.basis.consent'],
    consent_and_proxy: m['label.basis.consent_and_proxy'],
    state_task: m['label.basis.state_task'],
  },
  decision: {
    agreed: m['label.decision.agreed'],
    declined: m['label.decision.declined'],
    withdrawn: m['label.decision.withdrawn'],
    later: m['label.decision.later'],
  },
  /** Of a household, in words its family may see. */
  verdict: {
    met: m['label.verdict.met'],
    not_met: m['label.verdict.not_met'],
    insufficient: m['label.verdict.insufficient'],
  },
  /** Of an indicator against its target. */
  rate: {
    met: m['label.rate.met'],
    not_met: m['label.rate.not_met'],
    insufficient: m['label.rate.insufficient'],
  },
  truth: { yes: m['label.truth.yes'], no: m['label.truth.no'], unknown: m['label.truth.unknown'] },
  event: { attended: m['label.event.attended'], guided: m['label.event.guided'] },
} satisfies Record<string, Words>;

/** Answers, some of which read differently from fact to fact. */
const choices: Words = {
  unknown: m['label.unknown'],
  yes: m['label.choice.yes'],
  no: m['label.choice.no'],
  own: m['label.choice.own'],
  shared: m['label.choice.shared'],
  keypad: m['label.choice.keypad'],
  not_activated: m['label.choice.not_activated'],
  level2: m['label.choice.level2'],
  level1: m['label.choice.level1'],
  locked_out: m['label.choice.locked_out'],
  not_started: m['label.choice.not_started'],
  learning: m['label.choice.learning'],
  completed: m['label.choice.completed'],
  bank: m['label.choice.bank'],
  ewallet: m['label.choice.ewallet'],
  mobile_money: m['label.choice.mobile_money'],
  'smartphone.none': m['label.choice.smartphone.none'],
  'vneid.none': m['label.choice.vneid.none'],
  'payment.none': m['label.choice.payment.none'],
  'assisted_by.none': m['label.choice.assisted_by.none'],
};

export type LabelKind = keyof typeof labels;

/** The word for a code of the register. */
export function label(kind: LabelKind, code: string): string {
  const words: Words = labels[kind];
  return (Object.hasOwn(words, code) ? words[code] : m['label.unrecognised'])!();
}

/**
 * The word for an answer as it stands in the register: `unknown`, one choice, or means of payment joined
 * by `+`. A member's id (assisted by) is no word: the caller shows the name.
 */
export function answerLabel(fact: string, answer: string): string {
  return answer
    .split('+')
    .map((code) => (choices[`${fact}.${code}`] ?? choices[code] ?? m['label.unrecognised'])())
    .join(', ');
}

/** The codes a kind has, in their order. */
export const codesOf = (kind: LabelKind): string[] => Object.keys(labels[kind]);
