//! The list to fill in that *Đưa danh sách Excel vào* hands out: titles that our own reader understands, and two
//! invented households that show how a row is written. Columns of figures and days are text, or Excel would take
//! the leading 0 of a telephone number and make a day of house number 12/4.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Proposed to the person who saves it.
pub(crate) const FILE_NAME: &str = "Danh sách hộ (mẫu).xlsx";

/// Titles and how many letters wide.
const COLUMNS: [(&str, u16); 10] = [
    ("Thôn/TDP", 18),
    ("Hộ số", 8),
    ("Họ và tên", 26),
    ("Ngày sinh", 13),
    ("Giới tính", 10),
    ("Quan hệ với chủ hộ", 20),
    ("Ngõ", 12),
    ("Số nhà", 10),
    ("Số điện thoại", 15),
    ("Ghi chú", 24),
];

/// One person a row; everybody is invented.
const ROWS: [[&str; 9]; 5] = [
    ["1", "Tạ Văn Mẫu", "12/04/1958", "Nam", "Chủ hộ", "Ngõ 3", "12", "0900000201", ""],
    ["1", "Lều Thị Thử", "1961", "Nữ", "Vợ", "Ngõ 3", "12", "", ""],
    ["1", "Tạ Quang Nháp", "03/09/1988", "Nam", "Con", "Ngõ 3", "12", "0900000202", "Đi làm ăn xa"],
    ["2", "Cù Thị Ví", "07/1971", "Nữ", "Chủ hộ", "Ngõ 3", "12/4", "0900000203", ""],
    ["2", "Mẫn Gia Dụ", "25/12/2008", "Nam", "Con", "Ngõ 3", "12/4", "", ""],
];

const NOTE: &str = "TỆP MẪU: hai hộ dưới đây là giả định. Xóa đi rồi điền hộ thật, mỗi người một dòng.";

/// The file's bytes. Every row names the hamlet unit, or nobody could tell where its people live.
pub(crate) fn bytes(unit: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (text, title) = (Format::new().set_num_format("@"), Format::new().set_bold());
    let sheet = book.add_worksheet();
    sheet.set_name("Danh sách hộ")?;
    sheet.write_string_with_format(0, 0, NOTE, &title)?;
    for (at, (name, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(at, width)?;
        sheet.set_column_format(at, &text)?;
        sheet.write_string_with_format(2, at, name, &title)?;
    }
    for (row, cells) in (3..).zip(ROWS) {
        sheet.write_string_with_format(row, 0, unit, &text)?;
        for (at, cell) in (1..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string_with_format(row, at, cell, &text)?;
        }
    }
    sheet.set_freeze_panes(3, 0)?;
    book.save_to_buffer()
}
