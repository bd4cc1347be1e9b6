/** One evening's walk: the alley, the door in front of us, and what was just recorded there. */
import { SvelteMap } from 'svelte/reactivity';
import { Refusal, type AppError, type Day, type DoorView, type HouseholdId } from '$api/client';
import type { HouseholdView, TodayRequest, TodayView, VisitId } from '$api/client';
import type { Session } from '$shared/session.svelte';
import { attempt, isOpen, nextDoor } from './doors';

/** Where the walk stood when the page was left, so that coming back from a visit does not start anew. */
interface Place extends TodayRequest {
  door?: HouseholdId | undefined;
}
const places = new WeakMap<Session, Place>();

interface Recorded {
  visit: VisitId;
  door: DoorView;
  outcome: 'absent' | 'postponed';
  next_day: Day | null;
}

export class Round {
  view = $state<TodayView | null>(null);
  /** Why the alley could not be read. */
  trouble = $state<AppError | null>(null);
  chosen = $state<HouseholdId | undefined>();
  /** What can be taken back. */
  recorded = $state<Recorded | null>(null);
  /** What was not saved, and how to try again. */
  unsaved = $state<{ error: AppError; door: DoorView; again: () => void } | null>(null);
  /** The households that were looked at, as they stand now. */
  readonly houses = new SvelteMap<HouseholdId, HouseholdView>();

  readonly door = $derived(this.view?.doors.find(({ household }) => household === this.chosen));
  readonly house = $derived(this.chosen ? this.houses.get(this.chosen) : undefined);
  readonly left = $derived(
    this.view ? this.view.doors.filter((door) => isOpen(door, this.view!.today)).length : 0,
  );

  readonly #session: Session;
  #saving: Promise<void> | undefined;
  #asked = 0;
  /** The alley that was asked for last, whether it has come or not. */
  #alley: TodayRequest = { unit: null, alley: null };

  constructor(session: Session) {
    this.#session = session;
  }

  /** Coming to the page: where it was left, at the next door after the one that was visited. */
  async open(): Promise<void> {
    const { door, ...alley } = places.get(this.#session) ?? { unit: null, alley: null };
    await this.#show(alley);
    const view = this.view;
    const back = view?.doors.find(({ household }) => household === door);
    if (!view || !back) return;
    this.choose(isOpen(back, view.today) ? back.household : nextDoor(view.doors, view.today, back.household));
  }

  /** The same place again, after something came from elsewhere. */
  async again(): Promise<void> {
    this.houses.clear();
    if (!(await this.#read(this.#alley))) return;
    const { doors, today } = this.view!;
    this.choose(this.#stands(this.chosen) ? this.chosen : nextDoor(doors, today));
  }

  goTo(request: TodayRequest): Promise<void> {
    return this.#show(request);
  }

  /** To the alley before or after, if there is one. */
  async walk(by: -1 | 1): Promise<void> {
    const { alleys, alley, unit } = this.view ?? { alleys: [] };
    const next = alleys[alleys.findIndex(({ key }) => key === alley) + by];
    if (next) await this.#show({ unit: unit?.id ?? null, alley: next.key });
  }

  choose(household: HouseholdId | undefined): void {
    this.chosen = household;
    if (this.view) {
      const { unit, alley } = this.view;
      places.set(this.#session, { unit: unit?.id ?? null, alley, door: household });
    }
    if (household) void this.#look(household);
  }

  /** Nobody opened, or somebody asked us to come another day: recorded at once, taken back with Ctrl+Z. */
  async record(outcome: Recorded['outcome'], next_day: Day | null = null): Promise<void> {
    const door = this.door;
    if (door && !this.#saving && door.tile !== 'declined') await this.#recordAt(door, outcome, next_day);
  }

  /** Tried again, it is the same door, wherever somebody has walked since. */
  async #recordAt(door: DoorView, outcome: Recorded['outcome'], next_day: Day | null): Promise<void> {
    if (this.#saving) return;
    // What can be taken back from here on is this.
    this.recorded = null;
    await this.#save(
      door,
      () => this.#session.call('save_visit', attempt(door.household, outcome, next_day)),
      async (saved) => {
        this.recorded = { visit: saved.visit, door, outcome, next_day };
        await this.#afterwards(saved.at_ms);
        const { doors, today } = this.view ?? { doors: [], today: '' };
        this.#lead(door.household, nextDoor(doors, today, door.household));
      },
      () => this.#recordAt(door, outcome, next_day),
    );
  }

  async undo(): Promise<void> {
    // It can be read, and so taken back, a moment before the street shows it.
    const shown = this.recorded;
    await this.#saving;
    const recorded = shown ?? this.recorded;
    if (!recorded || this.#saving) return;
    this.recorded = null;
    const { household } = recorded.door;
    const at = this.chosen;
    await this.#save(
      recorded.door,
      () => this.#session.call('undo_visit', { household, visit: recorded.visit }),
      async (saved) => {
        await this.#afterwards(saved.at_ms);
        this.#lead(at, household);
      },
      () => {
        this.recorded = recorded;
        return this.undo();
      },
    );
  }

  /** One at a time. What was refused stays told until it is saved at its own door, or something else is refused. */
  #save<T>(
    door: DoorView,
    ask: () => Promise<T>,
    then: (saved: T) => Promise<void>,
    again: () => void,
  ): Promise<void> {
    const saving = async () => {
      try {
        const saved = await ask();
        if (this.unsaved?.door.household === door.household) this.unsaved = null;
        await then(saved);
      } catch (thrown) {
        this.unsaved = { error: Refusal.from(thrown).error, door, again };
      } finally {
        this.#saving = undefined;
      }
    };
    return (this.#saving = saving());
  }

  async #afterwards(at_ms: number): Promise<void> {
    this.houses.clear();
    // The pill may be a moment late; the visit is saved all the same.
    await this.#session.saved(at_ms).catch(() => undefined);
    await this.#read(this.#alley);
  }

  async #show(request: TodayRequest): Promise<void> {
    this.houses.clear();
    const at = this.chosen;
    if (!(await this.#read(request))) return;
    const { doors, today } = this.view!;
    this.#lead(at, nextDoor(doors, today));
  }

  /** Leads to a door, unless somebody has gone to another one since: then that one is in front of us. */
  #lead(from: HouseholdId | undefined, to: HouseholdId | undefined): void {
    this.choose(this.chosen !== from && this.#stands(this.chosen) ? this.chosen : to);
  }

  #stands(household: HouseholdId | undefined): boolean {
    return this.view?.doors.some((door) => door.household === household) ?? false;
  }

  /** Whether the answer came and is still wanted. */
  async #read(request: TodayRequest): Promise<boolean> {
    this.#alley = request;
    const asked = ++this.#asked;
    try {
      const view = await this.#session.call('today', request);
      if (asked !== this.#asked) return false;
      this.view = view;
      // Where nothing was named, what came is what is asked for from here on.
      this.#alley = { unit: view.unit?.id ?? null, alley: view.alley };
      this.trouble = null;
      return true;
    } catch (thrown) {
      if (asked === this.#asked) this.trouble = Refusal.from(thrown).error;
      return false;
    }
  }

  async #look(household: HouseholdId): Promise<void> {
    if (this.houses.has(household)) return;
    // The card itself says enough to knock; without the panel the walk goes on.
    const house = await this.#session.call('household', { household }).catch(() => null);
    if (house) this.houses.set(household, house);
  }
}
