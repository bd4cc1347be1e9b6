/** Where a door is, as people of the hamlet say it. */
import { m } from './index';

interface Door {
  house_no: string;
  place_note: string;
}

/** "Số 14"; without a number the note ("sau đình"); without both it is said that nobody wrote it down. */
export function doorName({ house_no, place_note }: Door): string {
  if (house_no) return m['ui.place.house_no']({ number: house_no });
  return place_note || m['ui.place.no_number']();
}

/** "Số 14, sau đình, Ngõ 12" */
export function placeLine(door: Door & { alley: string }): string {
  const note = door.house_no ? door.place_note : '';
  return [doorName(door), note, door.alley].filter(Boolean).join(', ');
}
