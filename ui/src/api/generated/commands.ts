// Made by `cargo xtask codegen`. Do not edit.

/**
 * One alley.
 */
export type AlleyLine = { 
/**
 * Its id, or nothing for doors whose alley is not known.
 */
key: string, 
/**
 * "Ngõ 12"; empty for doors whose alley is not known.
 */
name: string, 
/**
 * All doors.
 */
doors: number, 
/**
 * Đã đến.
 */
reached: number, 
/**
 * Đã gặp.
 */
met: number, 
/**
 * Gia đình số đạt.
 */
digital: number, };

/**
 * One row of the map.
 */
export type AlleyMap = { 
/**
 * Its name and counts.
 */
line: AlleyLine, 
/**
 * Its doors, from the entrance inwards.
 */
doors: Array<DoorView>, };

/**
 * The answer to one fact. On the wire and in tables it is a text: `unknown`, a choice's code, means of
 * payment joined by `+`, or a member's id.
 */
export type Answer = string;

/**
 * What went wrong, for people.
 */
export type AppError = { 
/**
 * Key of the sentence.
 */
code: string, 
/**
 * Numbers that belong to the sentence.
 */
params: { [key in string]: number }, 
/**
 * The same may work later without anybody changing anything.
 */
retryable: boolean, };

export type Basis = "consent" | "consent_and_proxy" | "state_task";

/**
 * A text in place of what stands in a cell.
 */
export type CellRepair = { 
/**
 * The sheet's name; empty for a CSV.
 */
sheet: string, 
/**
 * As the spreadsheet shows it.
 */
row: number, 
/**
 * `H`
 */
column: string, 
/**
 * Empty: nothing stands there.
 */
text: string, };

export type Channel = "at_home" | "mobile_point" | "phone" | "at_commune";

export type Choice = "yes" | "no" | "own" | "shared" | "keypad" | "none" | "not_activated" | "level2" | "level1" | "locked_out" | "not_started" | "learning" | "completed";

/**
 * One clause.
 */
export type ClauseView = { 
/**
 * "c1"
 */
id: string, 
/**
 * The words of the document.
 */
citation: string, 
/**
 * Met, failed, or not known.
 */
state: Truth, };

/**
 * A civil date in Viet Nam. On the wire and in tables: `2026-11-22`.
 */
export type Day = string;

export type Decision = "agreed" | "declined" | "withdrawn" | "later";

/**
 * One door.
 */
export type DoorView = { 
/**
 * Its household.
 */
household: HouseholdId, 
/**
 * "14", or empty.
 */
house_no: string, 
/**
 * "sau đình"
 */
place_note: string, 
/**
 * Who is asked for.
 */
head: Named | null, 
/**
 * Registered people.
 */
people: number, 
/**
 * What the tile shows.
 */
tile: TileState, 
/**
 * Steps to Gia đình số, where somebody could be counted.
 */
steps: number | null, 
/**
 * Đã đến, đã gặp, đủ thông tin.
 */
progress: Progress, 
/**
 * Why this door, in one line.
 */
reason: Reason, 
/**
 * The last attempt.
 */
last_day: Day | null, 
/**
 * What it was.
 */
last_outcome: Outcome | null, };

/**
 * What was said at a door and not saved yet.
 */
export type DraftForm = { 
/**
 * Whose door.
 */
household: HouseholdId, 
/**
 * In the page's own words; nothing: it was saved or dropped.
 */
draft: string | null, };

/**
 * What a new member types.
 */
export type EnrolForm = { 
/**
 * "TN1.…", with whatever spaces and line breaks came along.
 */
code: string, 
/**
 * Where the code names no address, or the server has moved.
 */
address: string | null, 
/**
 * "Máy chị Lan"
 */
device_name: string, 
/**
 * A register stands on this laptop already, and somebody says that a new one comes instead: the four words
 * are forgotten, or the commune does not know the laptop any more. Without it such a laptop is refused.
 */
instead?: boolean, };

/**
 * What a new member must write down.
 */
export type Enrolled = { 
/**
 * Four words, shown once.
 */
passphrase: string, 
/**
 * "Xã Phù Đổng"
 */
commune: string, 
/**
 * What this laptop will hold.
 */
hamlet_units: Array<string>, 
/**
 * The folder within the data folder where the register lies that stood here before, if one did. What was
 * saved in it also stays in the sealed outbox.
 */
set_aside?: string, };

/**
 * How an answer is known, weakest first: the order of the variants is the order of strength.
 */
export type Evidence = "imported" | "proxy" | "self_reported" | "observed" | "demonstrated" | "certified";

export type Fact = "smartphone" | "vneid" | "payment" | "knows" | "skill" | "uses" | "safe" | "bdhvs" | "guides_family" | "assisted_by" | "digital_signature";

/**
 * What is known of one fact.
 */
export type FactView = { 
/**
 * `unknown` where it lapsed.
 */
answer: Answer, 
/**
 * How it is known.
 */
evidence: Evidence, 
/**
 * When it was learned.
 */
day: Day, 
/**
 * It was known, and no longer counts.
 */
lapsed: boolean, };

/**
 * Gia đình số over some households. The three add up to the occupied ones.
 */
export type FamilyFigures = { 
/**
 * Đạt
 */
met: number, 
/**
 * Chưa đạt
 */
not_met: number, 
/**
 * Chưa đủ thông tin
 */
insufficient: number, };

/**
 * What `tungnha-server figures --json` prints.
 */
export type Figures = { 
/**
 * Every household of the register, rented rooms included.
 */
households: number, 
/**
 * Everybody registered: living there, away for work, in vacant houses.
 */
persons: number, 
/**
 * Đã đến
 */
reached: number, 
/**
 * Đã gặp
 */
met_in_person: number, 
/**
 * Đủ thông tin
 */
complete: number, 
/**
 * Không muốn cung cấp
 */
declined: number, 
/**
 * Over occupied houses.
 */
digital_family: FamilyFigures, 
/**
 * Rented rooms, on a line of their own; included in the counts above but not in `digital_family`.
 */
rented_rooms: RentedRooms, 
/**
 * Over people living there now and old enough to be asked.
 */
facts: { [key in Fact]: ThreeWay }, 
/**
 * Registered people who do not live there now; not in `facts`.
 */
away: number, 
/**
 * Which rules and criteria counted: id and version.
 */
counted_by: Array<string>, };

/**
 * What was typed.
 */
export type FindRequest = { 
/**
 * Words in any order, marked or not.
 */
query: string, };

/**
 * A hamlet or residential group; also the scope that a device is given.
 */
export type HamletUnitId = string;

/**
 * Where we are.
 */
export type Here = { 
/**
 * "Xã Phù Đổng"
 */
commune: string, 
/**
 * As what this laptop works.
 */
role: Role, 
/**
 * The hamlet units on it.
 */
units: Array<Unit>, 
/**
 * Invented people; nothing is sent.
 */
training: boolean, 
/**
 * Today by this laptop's clock, in Viet Nam.
 */
today: Day, };

/**
 * One person found.
 */
export type Hit = { 
/**
 * Who.
 */
member: MemberId, 
/**
 * As a line of text.
 */
person: Named, 
/**
 * Where to go.
 */
household: HouseholdId, 
/**
 * "14", or empty.
 */
house_no: string, 
/**
 * "sau đình"
 */
place_note: string, 
/**
 * "Ngõ 12", or empty.
 */
alley: string, };

/**
 * A household (hộ).
 */
export type HouseholdId = string;

/**
 * Which household.
 */
export type HouseholdRequest = { 
/**
 * Its id.
 */
household: HouseholdId, };

/**
 * The page before anything is asked.
 */
export type HouseholdView = { 
/**
 * Its id.
 */
household: HouseholdId, 
/**
 * "14", or empty.
 */
house_no: string, 
/**
 * "sau đình"
 */
place_note: string, 
/**
 * "Ngõ 12", or empty.
 */
alley: string, 
/**
 * In the household's order, those registered here.
 */
people: Array<PersonView>, 
/**
 * Đã đến, đã gặp, đủ thông tin.
 */
progress: Progress, 
/**
 * What its tile shows as it stands.
 */
tile: TileState, 
/**
 * Gia đình số as of today.
 */
verdict: VerdictView, 
/**
 * The newest visit that stands.
 */
last_visit: LastVisit | null, 
/**
 * Declined in its latest word: closed for the round.
 */
declined: boolean, 
/**
 * The commune's legal basis.
 */
basis: Basis, 
/**
 * What is read aloud before asking.
 */
script: Script, 
/**
 * The answers each fact offers.
 */
offered: { [key in Fact]: Array<Choice> }, 
/**
 * Facts that nobody looks at: known by what people say.
 */
never_seen: Array<Fact>, 
/**
 * Facts that a certificate can say.
 */
certifiable: Array<Fact>, 
/**
 * Answers to `smartphone` after which no skill is asked.
 */
without_phone: Array<Choice>, 
/**
 * What the page kept here before it was saved.
 */
draft: string | null, 
/**
 * The day on which it was last changed: a visit counts on the day it is saved.
 */
draft_day: Day | null, };

/**
 * The parts of long jobs.
 */
export type JobPhase = "connecting" | "sending" | "receiving" | "writing";

/**
 * How far a long job has come.
 */
export type JobProgress = { 
/**
 * Which part of the job.
 */
phase: JobPhase, 
/**
 * Units done: groups sent, positions received, households kept.
 */
done: number, 
/**
 * Of how many, where that is known.
 */
of: number | null, };

/**
 * Languages of the screens.
 */
export type Language = "vi" | "en";

/**
 * How a try to send went.
 */
export type LastSync = { 
/**
 * When it ended, milliseconds since 1970 by this laptop's clock.
 */
at_ms: number, 
/**
 * What went and came, if it ended well.
 */
report: SyncReport | null, 
/**
 * Why it ended early, if it did. Nothing is lost by that.
 */
error: AppError | null, };

/**
 * The last time.
 */
export type LastVisit = { 
/**
 * Its id.
 */
visit: VisitId, 
/**
 * When.
 */
day: Day, 
/**
 * What happened.
 */
outcome: Outcome, 
/**
 * Who answered.
 */
respondent: MemberId | null, 
/**
 * Promised to come back on.
 */
next_day: Day | null, };

/**
 * What was learned about one person.
 */
export type Learned = { 
/**
 * About whom.
 */
member: MemberId, 
/**
 * Fact and answer; with evidence where the team saw more than it was told (`domain::door`).
 */
answers: Array<[Fact, Answer, Evidence | null]>, };

/**
 * A lesson, in the order they are proposed.
 */
export type LessonCode = "opened" | "met" | "absent" | "taken_back" | "figures";

/**
 * One lesson.
 */
export type LessonView = { 
/**
 * Which.
 */
lesson: LessonCode, 
/**
 * It was done.
 */
done: boolean, };

/**
 * The page before anything is written.
 */
export type ListPage = { 
/**
 * Of the file, without its folder.
 */
file_name: string, 
/**
 * `unicode`, `tcvn3`, `vni`, `cp1258`.
 */
encoding: string, 
/**
 * "Danh sách hộ gia đình thôn …"
 */
title: string | null, 
/**
 * The day the list speaks of: `2026-07-01`.
 */
list_day: string | null, 
/**
 * Households that could be read.
 */
households: number, 
/**
 * People that could be read.
 */
persons: number, 
/**
 * Per hamlet unit.
 */
units: Array<UnitCount>, 
/**
 * Which column was read as what.
 */
mapping: Array<MappedRole>, 
/**
 * The columns that can be chosen among.
 */
columns: Array<TitledColumn>, 
/**
 * Cells that were repaired.
 */
repairs: Array<CellRepair>, 
/**
 * Rows with content that gave nobody.
 */
rejected: Array<RowLine>, 
/**
 * Rows to look at.
 */
warnings: Array<RowLine>, 
/**
 * What taking it in would do.
 */
result: ListResult, };

/**
 * What taking a list in did, or would do, in the hamlet units of this laptop.
 */
export type ListResult = { 
/**
 * Households not in the register.
 */
households_added: number, 
/**
 * Households known already.
 */
households_matched: number, 
/**
 * Households for a person to decide; nothing is written of them.
 */
households_ambiguous: number, 
/**
 * Households of this very list that were deleted since; they stay deleted.
 */
households_deleted: number, 
/**
 * People not in the register.
 */
persons_added: number, 
/**
 * People known already.
 */
persons_matched: number, 
/**
 * People for a person to decide.
 */
persons_ambiguous: number, 
/**
 * People of this very list who were deleted since; they stay deleted.
 */
persons_deleted: number, 
/**
 * Households that name no hamlet unit; nothing is written of them.
 */
without_unit: number, 
/**
 * Hamlet units that this laptop does not work in; nothing is written of them.
 */
other_units: number, };

/**
 * The look of the screen.
 */
export type Look = { 
/**
 * Light or dark.
 */
theme: Theme, 
/**
 * Percent: 100, 115, 130 or 150.
 */
text_size: number, 
/**
 * Of the screens.
 */
language: Language, };

/**
 * How a chosen list is read. What is left out is as it was at the last look at this file; at the first: as
 * found.
 */
export type LookRequest = { 
/**
 * Role → column: `{"full_name": "D"}`.
 */
mapping?: { [key in string]: string }, 
/**
 * All cells repaired so far.
 */
repairs?: Array<CellRepair>, };

/**
 * One column and what it was read as.
 */
export type MappedRole = { 
/**
 * `full_name`, `birth`, …
 */
role: string, 
/**
 * `D`
 */
column: string, 
/**
 * "Họ và tên"
 */
title: string, };

/**
 * A person of a household (người trong hộ).
 */
export type MemberId = string;

/**
 * A person as a line of text needs one; the page chooses Ông, Bà, Cụ by sex and age.
 */
export type Named = { 
/**
 * As written.
 */
full_name: string, 
/**
 * Where known.
 */
sex: Sex | null, 
/**
 * Full years today, where a birth is known.
 */
age: number | null, 
/**
 * The birth is not complete: "ước tính".
 */
age_estimated: boolean, };

export type Outcome = "met" | "absent" | "postponed" | "declined" | "vacant" | "moved_out" | "not_found" | "no_access" | "nobody_to_answer" | "taken_back";

export type PaymentMeans = "bank" | "ewallet" | "mobile_money";

/**
 * One person at the door.
 */
export type PersonView = { 
/**
 * Who.
 */
member: MemberId, 
/**
 * As a line of text.
 */
person: Named, 
/**
 * To the head.
 */
relation: Relation, 
/**
 * Present, away, temporary.
 */
residence: Residence, 
/**
 * Old enough to answer for the household, or of unknown age.
 */
may_answer: boolean, 
/**
 * Something is asked at that age, so there is something to agree to.
 */
consent_asked: boolean, 
/**
 * An adult of the household agrees for this child.
 */
represented: boolean, 
/**
 * Grown up, or of unknown age.
 */
adult: boolean, 
/**
 * Where the person stands with being counted.
 */
consent: Standing, 
/**
 * What is asked at that age, in the order of the page.
 */
asked: Array<Fact>, 
/**
 * What is taken besides, where it comes up.
 */
also_taken: Array<Fact>, 
/**
 * What a relative may answer in the person's absence; empty where the basis lets nobody.
 */
relative_may_answer: Array<Fact>, 
/**
 * What is known today, and what has lapsed.
 */
facts: { [key in Fact]: FactView }, 
/**
 * Guided by the team at least once.
 */
guided: boolean, };

/**
 * How far the commune has come with a household. Each step contains the next; the headline of every
 * table is *đã gặp*.
 */
export type Progress = "not_reached" | "reached" | "met" | "complete";

/**
 * Which hamlet unit; the first where left out.
 */
export type ProgressRequest = { 
/**
 * Else the first.
 */
unit: HamletUnitId | null, };

/**
 * The page.
 */
export type ProgressView = { 
/**
 * Today in Viet Nam.
 */
today: Day, 
/**
 * When it was computed, milliseconds since 1970.
 */
computed_at_ms: number, 
/**
 * Those on this laptop.
 */
units: Array<Unit>, 
/**
 * The one shown; `None` on an empty register.
 */
unit: Unit | null, 
/**
 * Its figures, as `tungnha-server figures` counts them.
 */
figures: Figures, 
/**
 * Its alleys, in walking order.
 */
alleys: Array<AlleyMap>, };

/**
 * The strongest reason to knock, or not to.
 */
export type Reason = { "code": "promised", 
/**
 * When.
 */
day: Day, } | { "code": "one_step", 
/**
 * Whose.
 */
person: Named | null, 
/**
 * Which.
 */
step: StepView, } | { "code": "never_reached" } | { "code": "not_met_yet" } | { "code": "declined" } | { "code": "unoccupied" } | { "code": "digital" } | { "code": "information_missing" } | { "code": "steps_left", 
/**
 * How many.
 */
steps: number, };

export type Relation = "head" | "spouse" | "child" | "child_in_law" | "parent" | "grandparent" | "grandchild" | "sibling" | "domestic_worker" | "lodger" | "other";

/**
 * The line of rented rooms.
 */
export type RentedRooms = { 
/**
 * How many.
 */
households: number, 
/**
 * Over occupied ones.
 */
digital_family: FamilyFigures, };

export type Residence = "present" | "away" | "temporary" | "moved_out" | "deceased" | "unclear";

export type Role = "team_member" | "team_lead" | "hamlet_head" | "commune_officer" | "admin" | "leader";

/**
 * One row and what is the matter with it.
 */
export type RowLine = { 
/**
 * The sheet's name.
 */
sheet: string, 
/**
 * As the spreadsheet shows it.
 */
row: number, 
/**
 * `H`
 */
column: string | null, 
/**
 * Code of the reason.
 */
reason: string, 
/**
 * What stands in the cell.
 */
text: string, };

/**
 * Where the list to fill in lies.
 */
export type SampleSaved = { 
/**
 * Of the file, without its folder.
 */
file_name: string, };

/**
 * What Save showed.
 */
export type Saved = { 
/**
 * The visit, to take it back.
 */
visit: VisitId, 
/**
 * "Đã lưu trên máy lúc …", milliseconds since 1970.
 */
at_ms: number, 
/**
 * As the register stands now.
 */
progress: Progress, 
/**
 * As the register stands now.
 */
verdict: VerdictView, };

/**
 * The text and its version.
 */
export type Script = { 
/**
 * "2026-11"
 */
version: string, 
/**
 * In paragraphs, as they are spoken.
 */
paragraphs: Array<string>, };

/**
 * The page, and the pill on every other page.
 */
export type SendingView = { 
/**
 * Saves that the commune does not have yet.
 */
waiting: number, 
/**
 * Saves that the commune has confirmed and not yet sent round.
 */
confirmed: number, 
/**
 * Saves that the commune keeps apart for a person to look at.
 */
to_review: number, 
/**
 * The last try in this session, if there was one.
 */
last: LastSync | null, 
/**
 * Nothing is ever sent from here.
 */
training: boolean, };

export type Sex = "male" | "female";

/**
 * Who handed the list over; kept with it.
 */
export type SourceForm = { 
/**
 * "Ông Tư, trưởng thôn"
 */
handed_over_by: string, 
/**
 * The legal basis of the list.
 */
basis: string, };

/**
 * Where a laptop stands.
 */
export type Stage = "new" | "locked" | "open" | "unusable";

/**
 * Where a person stands with one purpose.
 */
export type Standing = "not_asked" | "agreed" | "refused";

/**
 * What the first page needs.
 */
export type StartView = { 
/**
 * Where this laptop stands.
 */
stage: Stage, 
/**
 * Why the data folder cannot be used, where it cannot.
 */
trouble: AppError | null, 
/**
 * An enrolment has begun here and not ended: nobody has shown yet that they have the four words. Where the
 * laptop is locked, a code can be entered as well.
 */
enrolling: boolean, 
/**
 * Once open: where we are.
 */
here: Here | null, 
/**
 * How the screen looks, also before anybody has unlocked.
 */
look: Look, 
/**
 * A household list that the program was started with, or started again with, and no page has looked at.
 */
list_offered: boolean, 
/**
 * Of the program.
 */
version: string, };

/**
 * What kind of step.
 */
export type StepKind = "fact" | "event";

/**
 * One thing that is missing.
 */
export type StepView = { 
/**
 * Of which clause.
 */
clause: string, 
/**
 * Something to be so, or to happen.
 */
kind: StepKind, 
/**
 * Code of the fact or of the event.
 */
code: string, 
/**
 * `no`: must be done. `unknown`: must be asked.
 */
now: Truth, };

/**
 * "Đã gửi về xã 12, nhận về 5, có 1 mục cần xem lại."
 */
export type SyncReport = { 
/**
 * Saves the commune has now.
 */
sent: number, 
/**
 * Saves of others that came.
 */
received: number, 
/**
 * Saves the commune keeps apart.
 */
to_review: number, 
/**
 * Single changes in what was sent.
 */
sent_changes: number, 
/**
 * Single changes in what came.
 */
received_changes: number, };

/**
 * What taking a list in did.
 */
export type TakenIn = { 
/**
 * Counts.
 */
result: ListResult, 
/**
 * When, milliseconds since 1970.
 */
at_ms: number, };

/**
 * Light or dark.
 */
export type Theme = "light" | "dark" | "system";

/**
 * A fact over a population.
 */
export type ThreeWay = { 
/**
 * Có
 */
yes: number, 
/**
 * Không
 */
no: number, 
/**
 * Chưa rõ
 */
unknown: number, };

/**
 * What a house tile shows: the one state that says most about what to do next.
 */
export type TileState = "met" | "one_step" | "not_met" | "insufficient" | "not_reached" | "not_met_in_person" | "declined" | "unoccupied";

/**
 * A column of the file.
 */
export type TitledColumn = { 
/**
 * `D`
 */
column: string, 
/**
 * "Họ và tên"
 */
title: string, };

/**
 * Somebody to ask.
 */
export type ToAsk = { 
/**
 * Whom.
 */
person: MemberId, 
/**
 * About what.
 */
steps: Array<StepView>, };

/**
 * Which alley; what is left out is chosen.
 */
export type TodayRequest = { 
/**
 * Else the first.
 */
unit: HamletUnitId | null, 
/**
 * [`AlleyLine::key`]; else the first with a door that was not reached.
 */
alley: string | null, };

/**
 * The page.
 */
export type TodayView = { 
/**
 * Today in Viet Nam.
 */
today: Day, 
/**
 * Those on this laptop.
 */
units: Array<Unit>, 
/**
 * The one shown; `None` on an empty register.
 */
unit: Unit | null, 
/**
 * Its alleys, in walking order.
 */
alleys: Array<AlleyLine>, 
/**
 * [`AlleyLine::key`] of the one shown.
 */
alley: string | null, 
/**
 * Its doors, in walking order.
 */
doors: Array<DoorView>, };

export type Topic = "dvc" | "shop" | "pay" | "safe" | "local" | "vneid" | "bdhvs" | "health" | "ai";

/**
 * Yes, no, or not known. The third is never turned into the second.
 */
export type Truth = "yes" | "no" | "unknown";

/**
 * What to take back.
 */
export type UndoRequest = { 
/**
 * Whose.
 */
household: HouseholdId, 
/**
 * Which.
 */
visit: VisitId, };

/**
 * A hamlet unit.
 */
export type Unit = { 
/**
 * Its id.
 */
id: HamletUnitId, 
/**
 * "Thôn Sen Hạ"
 */
name: string, };

/**
 * How many of a list live in one hamlet unit.
 */
export type UnitCount = { 
/**
 * As first written in the list.
 */
name: string, 
/**
 * Households.
 */
households: number, 
/**
 * People.
 */
persons: number, };

/**
 * A passphrase.
 */
export type UnlockForm = { 
/**
 * Four words.
 */
passphrase: string, };

/**
 * The three verdicts.
 */
export type VerdictState = "met" | "not_met" | "insufficient";

/**
 * How a household stands with the set of criteria.
 */
export type VerdictView = { 
/**
 * Đạt, chưa đạt, chưa đủ thông tin.
 */
state: VerdictState, 
/**
 * What a tile shows of it; of a door it may show something else, see `HouseholdView`.
 */
tile: TileState, 
/**
 * Met strongly enough to be recognised (công nhận).
 */
recognisable: boolean, 
/**
 * The person who meets it, or who is nearest.
 */
person: MemberId | null, 
/**
 * Each clause that applies, for that person.
 */
clauses: Array<ClauseView>, 
/**
 * What is left for that person; their number is the household's distance.
 */
steps: Array<StepView>, 
/**
 * Who should be asked what, where somebody may meet it already.
 */
to_ask: ToAsk | null, };

/**
 * One visit to a household.
 */
export type VisitId = string;

/**
 * What the visit page hands over. Nothing in it has a default: what was not asked is not there.
 */
export type VisitRequest = { 
/**
 * Whom.
 */
household: HouseholdId, 
/**
 * What happened at the door.
 */
outcome: Outcome, 
/**
 * Where or how.
 */
channel: Channel, 
/**
 * Who answered.
 */
respondent: MemberId | null, 
/**
 * "Nhà mình vẫn N người này ạ?" was answered with yes.
 */
members_unchanged: boolean, 
/**
 * What each person who was asked said to the consent question.
 */
consents: Array<[MemberId, Decision]>, 
/**
 * Version of the script that was read aloud.
 */
text_version: string, 
/**
 * What was learned about each person.
 */
learned: Array<Learned>, 
/**
 * What was shown.
 */
topics: Array<Topic>, 
/**
 * To whom.
 */
guided: Array<MemberId>, 
/**
 * Come back on.
 */
next_day: Day | null, };

/**
 * What saving would show.
 */
export type Weighed = { 
/**
 * Đã đến, đã gặp, đủ thông tin.
 */
progress: Progress, 
/**
 * Gia đình số.
 */
verdict: VerdictView, };

/** In the order screens show them. */
export const THEMES: readonly Theme[] = ["light","dark","system"];

/** In the order screens show them. */
export const LANGUAGES: readonly Language[] = ["vi","en"];

/** In the order screens show them. */
export const CHANNELS: readonly Channel[] = ["at_home","mobile_point","phone","at_commune"];

/** In the order screens show them. */
export const DECISIONS: readonly Decision[] = ["agreed","declined","withdrawn","later"];

/** In the order screens show them. */
export const FACTS: readonly Fact[] = ["smartphone","vneid","payment","knows","skill","uses","safe","bdhvs","guides_family","assisted_by","digital_signature"];

/** In the order screens show them. */
export const CHOICES: readonly Choice[] = ["yes","no","own","shared","keypad","none","not_activated","level2","level1","locked_out","not_started","learning","completed"];

/** In the order screens show them. */
export const PAYMENT_MEANS: readonly PaymentMeans[] = ["bank","ewallet","mobile_money"];

/** In the order screens show them. */
export const OUTCOMES: readonly Outcome[] = ["met","absent","postponed","declined","vacant","moved_out","not_found","no_access","nobody_to_answer","taken_back"];

/** In the order screens show them. */
export const RELATIONS: readonly Relation[] = ["head","spouse","child","child_in_law","parent","grandparent","grandchild","sibling","domestic_worker","lodger","other"];

/** In the order screens show them. */
export const RESIDENCES: readonly Residence[] = ["present","away","temporary","moved_out","deceased","unclear"];

/** In the order screens show them. */
export const ROLES: readonly Role[] = ["team_member","team_lead","hamlet_head","commune_officer","admin","leader"];

/** In the order screens show them. */
export const BASES: readonly Basis[] = ["consent","consent_and_proxy","state_task"];

/** In the order screens show them. */
export const TOPICS: readonly Topic[] = ["dvc","shop","pay","safe","local","vneid","bdhvs","health","ai"];

/** In the order screens show them. */
export const EVIDENCE: readonly Evidence[] = ["imported","proxy","self_reported","observed","demonstrated","certified"];

/** Every command: what it is asked with and what it answers. */
export type Commands = {
  start: { request: null; reply: StartView };
  keep_look: { request: Look; reply: null };
  enrol: { request: EnrolForm; reply: Enrolled };
  words_written: { request: null; reply: null };
  unlock: { request: UnlockForm; reply: null };
  lock: { request: null; reply: null };
  train: { request: null; reply: null };
  lessons: { request: null; reply: Array<LessonView> };
  today: { request: TodayRequest; reply: TodayView };
  find: { request: FindRequest; reply: Array<Hit> };
  household: { request: HouseholdRequest; reply: HouseholdView };
  keep_draft: { request: DraftForm; reply: null };
  weigh_visit: { request: VisitRequest; reply: Weighed };
  save_visit: { request: VisitRequest; reply: Saved };
  undo_visit: { request: UndoRequest; reply: Saved };
  progress: { request: ProgressRequest; reply: ProgressView };
  sending: { request: null; reply: SendingView };
  send: { request: null; reply: SendingView };
  choose_list: { request: null; reply: ListPage | null };
  save_sample: { request: null; reply: SampleSaved | null };
  look_at_list: { request: LookRequest; reply: ListPage | null };
  take_list_in: { request: SourceForm; reply: TakenIn };
};
