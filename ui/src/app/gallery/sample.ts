/** What the symbol sheet shows: a street that does not exist, with people nobody has met. */
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import DoorClosed from '@lucide/svelte/icons/door-closed';
import FileText from '@lucide/svelte/icons/file-text';
import Footprints from '@lucide/svelte/icons/footprints';
import LayoutGrid from '@lucide/svelte/icons/layout-grid';
import LifeBuoy from '@lucide/svelte/icons/life-buoy';
import OctagonAlert from '@lucide/svelte/icons/octagon-alert';
import Presentation from '@lucide/svelte/icons/presentation';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import { answerLabel, label } from '$i18n/labels';
import type { AnswerOption } from '$shared/answers';
import type { TileState } from '$api/client';

/** 22/11/2026 19:42 in Việt Nam. */
export const SAVED_AT_MS = Date.UTC(2026, 10, 22, 12, 42);

export const alley: [TileState, number][] = [
  ['met', 0],
  ['met', 0],
  ['one_step', 1],
  ['not_met_in_person', 0],
  ['not_met', 3],
  ['insufficient', 0],
  ['not_reached', 0],
  ['declined', 0],
  ['unoccupied', 0],
  ['met', 0],
  ['not_met', 2],
  ['not_reached', 0],
];

const option = (fact: string, value: string, kind: AnswerOption['kind']): AnswerOption => ({
  value,
  label: answerLabel(fact, value),
  kind,
});

export const knows = [
  option('knows', 'yes', 'yes'),
  option('knows', 'no', 'no'),
  option('knows', 'unknown', 'unknown'),
];

export const vneid = [
  option('vneid', 'none', 'no'),
  option('vneid', 'not_activated', 'no'),
  option('vneid', 'level2', 'yes'),
  option('vneid', 'level1', 'no'),
  option('vneid', 'locked_out', 'no'),
  option('vneid', 'unknown', 'unknown'),
];

export const payment = [
  option('payment', 'bank', 'yes'),
  option('payment', 'ewallet', 'yes'),
  option('payment', 'mobile_money', 'yes'),
  option('payment', 'none', 'no'),
  option('payment', 'unknown', 'unknown'),
];

export const chips = [
  { icon: Footprints, text: 'Còn 1 bước:', detail: 'bà Lan kích hoạt VNeID', kind: 'step' },
  { icon: CircleQuestionMark, text: 'Chưa rõ 3 mục', kind: 'unknown' },
  { icon: CalendarClock, text: 'Hẹn lại 20:00', detail: 'tối nay', kind: 'promise' },
  { icon: DoorClosed, text: 'Chưa đến lần nào', kind: 'plain' },
  { icon: CircleCheck, text: 'Xong', kind: 'done' },
  { icon: OctagonAlert, text: 'Chưa đọc được', kind: 'error' },
] as const;

export const rules = [
  { state: 'met', label: 'Học cách dùng:', detail: 'bà Lan, đang học' },
  { state: 'met', label: 'Biết và tự làm được:', detail: 'bà Lan, tận mắt thấy 08/11' },
  { state: 'not_met', label: 'Đã tự làm qua mạng:', detail: 'bà Lan chưa kích hoạt VNeID' },
  { state: 'unknown', label: 'Hay chỉ cho cả nhà:', detail: 'chưa hỏi' },
] as const;

export const pages = [
  { href: '#/ky-hieu', label: 'Hôm nay', icon: Footprints },
  { href: '#/tien-do', label: 'Tiến độ', icon: LayoutGrid },
  { href: '#/buoi-hoc', label: 'Buổi học', icon: Presentation },
  { href: '#/gui-ve-xa', label: 'Gửi về xã', icon: RefreshCw, badge: 12 },
  { href: '#/danh-sach', label: 'Danh sách hộ', icon: FileText },
];
export const help = { href: '#/tro-giup', label: 'Trợ giúp', icon: LifeBuoy };

export const hints = [
  { keys: ['↑', '↓'], does: 'chọn nhà' },
  { keys: ['Enter'], does: 'vào nhà' },
  { keys: ['V'], does: 'vắng' },
  { keys: ['Ctrl K'], does: 'tìm hộ' },
  { keys: ['F1'], does: 'trợ giúp' },
];

export interface Line {
  number: number;
  name: string;
  year: string;
  relation: string;
  house: string;
}

const names = [
  'Nguyễn Thị Ẩm',
  'Đổng Viễn Ưởng',
  'Trịnh Văn Quế',
  'Phan Thị Út',
  'Hoàng Minh Đăng',
  'Lý Thị Thoa',
  'Đỗ Quang Nghĩa',
];
export const lines: Line[] = Array.from({ length: 50_000 }, (_, index) => ({
  number: index + 1,
  name: names[index % names.length]!,
  year: String(1940 + ((index * 7) % 68)),
  relation: label('relation', ['head', 'spouse', 'child', 'grandchild'][index % 4]!),
  house: `Số ${1 + Math.floor(index / 4)}`,
}));

export const columns = [
  { key: 'number', label: 'Dòng', align: 'end', width_rem: 5.5 },
  { key: 'name', label: 'Họ và tên' },
  { key: 'year', label: 'Năm sinh', align: 'end', width_rem: 7 },
  { key: 'relation', label: 'Quan hệ', width_rem: 9 },
  { key: 'house', label: 'Nhà', width_rem: 7 },
] as const;

const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase();

export function find(text: string): { id: string; title: string; detail: string }[] {
  const wanted = fold(text.trim());
  return lines
    .slice(0, 40)
    .filter((line) => fold(line.name).includes(wanted))
    .slice(0, 5)
    .map((line) => ({ id: String(line.number), title: line.name, detail: `${line.house}, ${line.year}` }));
}

export const words = {
  criteria: 'Gia đình số',
  subtitle: 'Tối Chủ nhật 22/11 · thôn Sen Hạ',
  sentence: 'Còn 1 bước: bà Lan kích hoạt VNeID',
  enough: 'Nhà mình đã đủ',
  unclear: 'Chưa đủ thông tin: còn 2 mục chưa hỏi',
  enter: 'Vào nhà',
  how: 'Cách kích hoạt, 5 bước',
  later: 'Để sau',
  finish: 'Hoàn thành',
  postpone: 'Hẹn lại',
  erase: 'Xóa thông tin của người này',
  revoke: 'Ngừng quyền của máy này',
  retry: 'Lưu lại',
  person: 'Chị Hoa',
  search: 'Tìm tên, số nhà, ngõ… (không cần gõ dấu)',
  phone: 'Có điện thoại thông minh',
  visited: 'Đã gặp',
  birth: 'Năm sinh',
  birthHint: 'Chỉ cần năm. Ví dụ: 1985',
  birthError: 'Năm sinh chưa đọc được. Ví dụ: 1985 hoặc 05/03/1985.',
  code: 'Mã kết nối của xã',
  codeHint: 'Dán cả mã vào đây, hoặc gõ lại từ tờ giấy.',
  passphrase: 'Mật khẩu bốn từ',
  sending: 'Đang gửi về xã',
  reading: 'Đang đọc danh sách',
  steps: ['Chọn tệp', 'Ghép cột', 'Xem lại', 'Xác nhận'],
  stepsName: 'Đưa danh sách Excel vào',
  list: 'Danh sách của thôn',
  undo: 'Đã ghi số 14: Vắng. Lần sau thử buổi tối.',
  menu: 'Kết quả khác',
  dialog: 'Xóa thông tin của bà Trần Thị Lan?',
  dialogText:
    'Câu trả lời và số điện thoại sẽ bị xóa trên mọi máy. Tên và năm sinh ở lại trong danh sách của thôn.',
  open: 'Mở hộp thoại',
  empty: 'Đã hết nhà trong tuyến hôm nay',
  emptyText: 'Còn 3 nhà nữa là ngõ Bờ Đê xong.',
  more: 'Lấy thêm một ngõ',
  lesson: 'Bài 1: đến 3 nhà, đã xong 1.',
  noticeInfo: 'Không có mạng. Số liệu vẫn an toàn trên máy này.',
  noticeDone: 'Đã gửi về xã 12, nhận về 5, có 1 mục cần xem lại.',
  noticeLook: 'Hai người ghi khác nhau.',
  noticeLookDetail: 'Cả hai bản đều được giữ trong lịch sử.',
  noticeError: 'Tệp có mật khẩu nên chưa đọc được. Bỏ mật khẩu rồi chọn lại.',
  noticeUnsaved: 'Ổ đĩa đã đầy. Xóa bớt tệp không cần rồi thử lại.',
};

export const others = ['vacant', 'moved_out', 'not_found', 'no_access', 'nobody_to_answer'].map((value) => ({
  value,
  label: label('outcome', value),
}));
