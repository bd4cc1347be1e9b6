//! Writes the small invented list that comes with the program: `cargo run -p roster --example
//! write_sample -- assets/roster/danh-sach-mau.xlsx`. Everybody in it is fictitious.

use std::error::Error;

use rust_xlsxwriter::{Format, FormatAlign, Workbook};

/// An address begins a household; its people follow: name, birth, sex, relation, telephone, note.
enum Line {
    Home(&'static str),
    Person(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str),
}
use Line::{Home, Person};

const LINES: &[Line] = &[
    Home("Số 2, Ngõ 1"),
    Person("Đinh Quang Mẫu", "12/04/1958", "Nam", "Chủ hộ", "0900000101", ""),
    Person("Lại Thị Giả", "1960", "Nữ", "Vợ", "", ""),
    Person("Đinh Quang Định", "03/09/1984", "Nam", "Con", "0900000102", "Đi làm ăn xa"),
    Person("Mạc Thị Thử", "15/02/1987", "Nữ", "Con dâu", "0900000103", ""),
    Person("Đinh Minh Nháp", "20/11/2012", "Nam", "Cháu", "", ""),
    Home("Số 4, Ngõ 1"),
    Person("Lục Văn Ví", "07/1971", "Nam", "Chủ hộ", "0900000104", ""),
    Person("Nghiêm Thị Dụ", "25/12/1973", "Nữ", "Vợ", "0900000105", ""),
    Person("Lục Thị Bày", "18/06/1999", "Nữ", "Con", "0900000106", ""),
    Home("Số 4B, Ngõ 1"),
    Person("Khúc Thị Tạm", "1939", "Nữ", "Chủ hộ", "", ""),
    Home("Số 28/3, Ngõ 2"),
    Person("Tiêu Đức Hình", "30/08/1979", "Nam", "Chủ hộ", "0900000107", ""),
    Person("Ninh Thị Dung", "11/01/1982", "Nữ", "Vợ", "0900000108", ""),
    Person("Tiêu Gia Bóng", "09/05/2008", "Nam", "Con", "", ""),
    Person("Tiêu Bảo Ảnh", "22/07/2015", "Nữ", "Con", "", ""),
    Home("sau đình, Ngõ 2"),
    Person("Quách Văn Tượng", "1945", "Nam", "Chủ hộ", "", ""),
    Person("Từ Thị Trưng", "1948", "Nữ", "Vợ", "", ""),
    Home("Số 9, Ngõ 2"),
    Person("Âu Thị Mường", "14/10/1990", "Nữ", "Chủ hộ", "0900000109", ""),
    Person("Viên Thế Tượng", "02/03/1988", "Nam", "Chồng", "0900000110", ""),
    Person("Viên An Nhiên", "17/09/2018", "Nữ", "Con", "", ""),
    Person("Viên An Lành", "05/06/2023", "Nam", "Con", "", ""),
    Home("Khu trọ bà Mẫu, phòng 1, Ngõ 3"),
    Person("Sầm Văn Khách", "19/05/2001", "Nam", "Chủ hộ", "0900000111", "Tạm trú"),
    Home("Khu trọ bà Mẫu, phòng 2, Ngõ 3"),
    Person("Giáp Thị Trọ", "08/08/2003", "Nữ", "Chủ hộ", "0900000112", "Tạm trú"),
    Person("Giáp Thị Ghé", "1/2006", "Nữ", "Em", "", "Tạm trú"),
    Home("Số 15, Ngõ 3"),
    Person("Cao Hữu Ước", "27/07/1966", "Nam", "Chủ hộ", "0900000113", ""),
    Person("Doãn Thị Chừng", "13/03/1968", "Nữ", "Vợ", "0900000114", ""),
    Person("Cao Hữu Khoảng", "21/04/1992", "Nam", "Con", "0900000115", ""),
    Person("Phí Thị Độ", "16/12/1994", "Nữ", "Con dâu", "0900000116", ""),
    Person("Cao Nhật Lượng", "10/10/2019", "Nam", "Cháu", "", ""),
    Person("Cao Thị Phỏng", "1936", "Nữ", "Mẹ", "", ""),
    Home("Số 17, Ngõ 3"),
    Person("Bồ Văn Kê", "06/06/1976", "Nam", "Chủ hộ", "0900000117", ""),
    Person("Bồ Minh Khai", "29/02/2004", "Nam", "Con", "0900000118", "Đi học"),
    Home("Số 1, Ngõ 4"),
    Person("Thái Thị Sổ", "24/11/1963", "Nữ", "Chủ hộ", "0900000119", ""),
    Person("Thân Thị Sách", "1942", "Nữ", "Mẹ", "", ""),
    Person("Thân Văn Ghi", "31/01/1998", "Nam", "Con", "0900000120", ""),
    Home("Số 3, Ngõ 4"),
    Person("Ông Ích Chép", "28/09/1969", "Nam", "Chủ hộ", "0900000121", ""),
    Person("Kha Thị Biên", "12/12/1972", "Nữ", "Vợ", "", ""),
    Person("Ông Ích Lưu", "04/07/2001", "Nam", "Con", "0900000122", ""),
    Person("Ông Thị Trữ", "23/05/2009", "Nữ", "Con", "", ""),
];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("say where to write the list")?;
    let mut book = Workbook::new();
    let bold = Format::new().set_bold().set_align(FormatAlign::Center);
    let sheet = book.add_worksheet();
    sheet.set_name("Thôn Mẫu")?;
    sheet.merge_range(0, 0, 0, 8, "DANH SÁCH HỘ VÀ NHÂN KHẨU THÔN MẪU (DANH SÁCH GIẢ ĐỊNH)", &bold)?;
    sheet.merge_range(
        1,
        0,
        1,
        8,
        "(Tính đến ngày 01/7/2026)",
        &Format::new().set_align(FormatAlign::Center),
    )?;
    let titles = [
        "STT",
        "Số hộ",
        "Họ và tên",
        "Ngày sinh",
        "Giới tính",
        "Quan hệ với chủ hộ",
        "Địa chỉ",
        "SĐT",
        "Ghi chú",
    ];
    for (column, title) in (0..).zip(titles) {
        sheet.write_string_with_format(3, column, title, &bold)?;
    }
    let (mut row, mut persons, mut homes, mut place) = (4, 0u32, 0u32, None);
    for line in LINES {
        match line {
            Home(address) => {
                homes += 1;
                place = Some(*address);
            }
            Person(name, birth, sex, relation, phone, note) => {
                persons += 1;
                sheet.write_number(row, 0, persons)?;
                if let Some(address) = place.take() {
                    sheet.write_number(row, 1, homes)?;
                    sheet.write_string(row, 6, address)?;
                }
                for (column, text) in [(2, name), (3, birth), (4, sex), (5, relation), (7, phone), (8, note)]
                {
                    if !text.is_empty() {
                        sheet.write_string(row, column, *text)?;
                    }
                }
                row += 1;
            }
        }
    }
    sheet.write_string(row + 1, 0, format!("Tổng cộng: {homes} hộ, {persons} nhân khẩu"))?;
    for (column, width) in (0..).zip([6, 7, 24, 13, 10, 20, 32, 14, 16]) {
        sheet.set_column_width(column, width)?;
    }
    // The same bytes each time it is written.
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 7, 1)?;
    book.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&day));
    book.save(path)?;
    Ok(())
}
