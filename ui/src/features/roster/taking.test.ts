// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { inMemory, type Answers } from '$api/memory';
import type { ListPage, LookRequest } from '$api/client';
import { Session } from '$shared/session.svelte';
import { Taking } from './taking.svelte';

const page = { file_name: 'so-ho.xlsx', result: {} } as ListPage;
const refuse = (code: string) => () => {
  throw { code, params: {}, retryable: false };
};
const sending = () => ({ waiting: 1, confirmed: 0, to_review: 0, last: null, training: false });
const taking = (answers: Answers) => new Taking(new Session(inMemory({ sending, ...answers })));

describe('a list on its way into the register', () => {
  it('begins with the file where none is offered, else with its columns', async () => {
    const none = taking({ look_at_list: () => null });
    await none.look();
    expect([none.step, none.page]).toEqual([0, null]);
    const offered = taking({ look_at_list: () => page });
    await offered.look();
    expect([offered.step, offered.page?.file_name]).toEqual([1, 'so-ho.xlsx']);
  });

  it('stays where it was when the dialog is closed without a file', async () => {
    const closed = taking({ look_at_list: () => page, choose_list: () => null });
    await closed.look();
    closed.next();
    await closed.choose();
    expect([closed.step, closed.page]).toEqual([2, page]);
  });

  it('a file that cannot be read leads back to choosing, with the reason', async () => {
    const wrong = taking({ look_at_list: () => page, choose_list: refuse('roster.encrypted') });
    await wrong.look();
    await wrong.choose();
    expect([wrong.step, wrong.page, wrong.error?.code]).toEqual([0, null, 'roster.encrypted']);
  });

  it('walks to and fro, and writes only from the last step', async () => {
    const form: unknown[] = [];
    const whole = taking({
      look_at_list: () => page,
      take_list_in: (request, tell) => {
        form.push(request);
        tell({ phase: 'writing', done: 3, of: 12 });
        expect(whole.job?.done).toBe(3);
        return { result: page.result, at_ms: 5 };
      },
    });
    await whole.look();
    whole.next();
    whole.back();
    whole.next();
    whole.next();
    whole.next();
    expect(whole.step).toBe(3);
    await whole.take(' Ông Tư, trưởng thôn ', 'Kế hoạch 12');
    expect(form).toEqual([{ handed_over_by: 'Ông Tư, trưởng thôn', basis: 'Kế hoạch 12' }]);
    expect([whole.step, whole.taken?.at_ms, whole.job]).toEqual([4, 5, undefined]);
    whole.back();
    expect(whole.step).toBe(4);
  });

  it('what could not be written stays at the last step', async () => {
    const full = taking({ look_at_list: () => page, take_list_in: refuse('store.disk_full') });
    await full.look();
    full.next();
    full.next();
    await full.take('a', 'b');
    expect([full.step, full.error?.code, full.job]).toEqual([3, 'store.disk_full', undefined]);
  });

  it('a change of column or cell is looked at on the same step, one after the other', async () => {
    const asked: LookRequest[] = [];
    const start = { ...page, columns: [], mapping: [], repairs: [] } as unknown as ListPage;
    const list = taking({
      look_at_list: (request) => {
        asked.push(request);
        return { ...start, repairs: request.repairs ?? [] };
      },
    });
    await list.look();
    list.next();
    const cell = { sheet: '', row: 3, column: 'B' };
    void list.repair(cell, 'Lê Ba');
    await list.repair({ ...cell, row: 4 }, 'Lê Tư');
    await list.remap('C', 'full_name');
    expect([list.step, asked.slice(1)]).toEqual([
      2,
      [
        { repairs: [{ ...cell, text: 'Lê Ba' }] },
        {
          repairs: [
            { ...cell, text: 'Lê Ba' },
            { ...cell, row: 4, text: 'Lê Tư' },
          ],
        },
        { mapping: { full_name: 'C' } },
      ],
    ]);
  });

  it('a change that cannot be read is told, and what stood before still stands', async () => {
    let fails = false;
    const start = { ...page, columns: [], mapping: [], repairs: [] } as unknown as ListPage;
    const list = taking({ look_at_list: () => (fails ? refuse('roster.no_header')() : start) });
    await list.look();
    fails = true;
    await list.remap('B', undefined);
    expect([list.error?.code, list.page, list.step]).toEqual(['roster.no_header', start, 1]);
  });
});
