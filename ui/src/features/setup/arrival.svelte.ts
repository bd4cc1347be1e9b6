/** A laptop joins the team: code, four words on paper, the first list of households. */
import { Refusal, type AppError, type Enrolled } from '$api/client';
import { m } from '$i18n';
import { sentence } from '$i18n/sentence.svelte';
import { looksLikeCode, sameWords, wordsOf } from '$shared/secrets';
import type { Session } from '$shared/session.svelte';

/** Where a refusal belongs: beside the field that can mend it. */
const OF_CODE = ['enrol.bad_code', 'enrol.unknown_code', 'enrol.expired_code', 'enrol.used_code'];
const isOfAddress = (code: string) => code === 'enrol.no_address' || code.startsWith('address.');

type Field = 'code' | 'address' | 'name';
/** Put into words where it is shown: what an error says, and in which language, may change in between. */
type Faults = Partial<Record<Field, () => string>>;

export class Arrival {
  page = $state<'form' | 'words' | 'repeat' | 'receiving'>('form');
  code = $state('');
  name = $state('');
  address = $state('');
  /** Asked for, or the code names none. */
  addressShown = $state(false);
  /** A register stands here, and somebody says that a new one comes in its place. It is set aside, never deleted. */
  instead = $state(false);
  /** The laptop talks with the commune. */
  busy = $state(false);
  errors = $state<Faults>({});
  /** What no field can mend. */
  trouble = $state<AppError | null>(null);
  enrolled = $state<Enrolled | null>(null);
  typed = $state('');
  /** The four words did not match; said until something else is typed. */
  mistaken = $state(false);

  readonly words = $derived(this.enrolled ? wordsOf(this.enrolled.passphrase) : []);
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async enrol(): Promise<void> {
    if (this.busy) return;
    this.trouble = null;
    this.errors = this.#missing();
    if (Object.keys(this.errors).length > 0) return;
    this.busy = true;
    try {
      // The words are shown once: no look at the laptop from elsewhere may take the page away.
      this.#session.arriving = true;
      this.enrolled = await this.#session.call('enrol', {
        code: this.code,
        address: this.addressShown && this.address.trim() ? this.address.trim() : null,
        device_name: this.name.trim(),
        ...(this.instead ? { instead: true } : {}),
      });
      this.page = 'words';
    } catch (thrown) {
      this.#session.arriving = false;
      this.#refused(Refusal.from(thrown).error);
    } finally {
      this.busy = false;
    }
  }

  /** Back to the four words after all; what was refused is no longer told. */
  stay(): void {
    this.instead = false;
    this.errors = {};
    this.trouble = null;
  }

  /** The words as typed back from the sheet of paper. */
  async repeat(): Promise<void> {
    this.mistaken = !sameWords(this.typed, this.words.join(''));
    if (this.mistaken) return;
    // Until here the same code begins again: a power cut while somebody writes must lock nobody out. If this
    // fails, the first unlock ends the enrolment instead.
    await this.#session.call('words_written', null).catch(() => undefined);
    this.enrolled = null;
    this.typed = '';
    await this.receive();
  }

  /** The first list of households. Without it the laptop can be used too: there is just nobody in it yet. */
  async receive(): Promise<void> {
    this.page = 'receiving';
    this.trouble = null;
    try {
      await this.#session.refresh();
      this.trouble = await this.#session.send();
    } catch (thrown) {
      this.trouble = Refusal.from(thrown).error;
    }
    if (!this.trouble) await this.enter();
  }

  async enter(): Promise<void> {
    // What came in stands in the answer: the units of this laptop, above all.
    await this.#session.refresh().catch(() => undefined);
    this.#session.arriving = false;
  }

  #missing(): Faults {
    const missing: Faults = {};
    if (!this.code) missing.code = m['setup.code.missing'];
    else if (!looksLikeCode(this.code)) missing.code = m['ui.code.not_a_code'];
    if (!this.name.trim()) missing.name = m['setup.name.missing'];
    return missing;
  }

  #refused(error: AppError): void {
    if (OF_CODE.includes(error.code)) this.errors = { code: () => sentence(error) };
    else if (isOfAddress(error.code)) {
      this.addressShown = true;
      this.errors = { address: () => sentence(error) };
    } else this.trouble = error;
  }
}
