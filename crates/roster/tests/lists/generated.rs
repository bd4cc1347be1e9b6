//! Lists that the tests write themselves: a seed decides the people and how an office would have laid
//! them out. What was written is kept as the expectation.

use domain::calendar::PartialDate;
use domain::people::{Relation, Sex};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use unicode_normalization::UnicodeNormalization;

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) birth: PartialDate,
    pub(crate) sex: Sex,
    pub(crate) relation: Relation,
    pub(crate) phone: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) unit: String,
    pub(crate) alley: String,
    pub(crate) house_no: String,
    pub(crate) code: String,
    pub(crate) people: Vec<Person>,
}

/// What was written, and into which bytes.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    pub(crate) homes: Vec<Home>,
    pub(crate) rejected: usize,
    pub(crate) layout: String,
}

const SURNAMES: [&str; 12] =
    ["Nguyễn", "Trần", "Lê", "Phạm", "Ngô", "Đỗ", "Tống", "Hộ", "Vũ", "Đặng", "Dương", "Hoàng"];
const MIDDLES: [&str; 8] = ["Văn", "Thị", "Hữu", "Minh", "Công", "Thu", "Quốc", "Ngọc"];
const GIVENS: [&str; 14] =
    ["An", "Bảo", "Cộng", "Đôn", "Hà", "Hòa", "Nam", "Nữ", "Quý", "Thống", "Tổng", "Uyên", "Xuân", "Năm"];

pub(crate) fn homes(dice: &mut Dice, unit: &str, count: usize) -> Vec<Home> {
    (0..count)
        .map(|number| {
            let size = 1 + dice.below(6);
            let people = (0..size).map(|place| person(dice, place)).collect();
            Home {
                unit: unit.to_owned(),
                alley: format!("Ngõ {}", 1 + number / 6),
                house_no: format!("{}{}", 3 + number * 2, dice.pick(&["", "", "A", "B"])),
                code: format!("{:02}-{number:04}", 1 + unit.len() % 90),
                people,
            }
        })
        .collect()
}

fn person(dice: &mut Dice, place: usize) -> Person {
    let name = format!("{} {} {}", dice.pick(&SURNAMES), dice.pick(&MIDDLES), dice.pick(&GIVENS));
    let year = 1930 + i32::try_from(dice.below(95)).unwrap();
    let month = 1 + u32::try_from(dice.below(12)).unwrap();
    let day = 1 + u32::try_from(dice.below(28)).unwrap();
    let birth = match dice.below(5) {
        0 => PartialDate::new(year, None, None),
        1 => PartialDate::new(year, Some(month), None),
        _ => PartialDate::new(year, Some(month), Some(day)),
    };
    let sex = if dice.one_in(2) { Sex::Male } else { Sex::Female };
    let relation = match (place, &sex) {
        (0, _) => Relation::Head,
        (1, _) => Relation::Spouse,
        _ => [Relation::Child, Relation::Grandchild, Relation::Sibling, Relation::Parent][dice.below(4)]
            .clone(),
    };
    let phone = dice.one_in(3).then(|| format!("09{:08}", dice.below(100_000_000)));
    Person { name, birth: birth.unwrap(), sex, relation, phone }
}

fn word(relation: &Relation, sex: &Sex) -> &'static str {
    match (relation, sex) {
        (Relation::Head, _) => "Chủ hộ",
        (Relation::Spouse, Sex::Male) => "Chồng",
        (Relation::Spouse, _) => "Vợ",
        (Relation::Child, _) => "Con",
        (Relation::Grandchild, _) => "Cháu",
        (Relation::Sibling, _) => "Em",
        (Relation::Parent, Sex::Male) => "Bố",
        (Relation::Parent, _) => "Mẹ",
        _ => "Khác",
    }
}

/// How households are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    CodeOnEachRow,
    NumberOnFirstLine,
    NumberMergedDown,
    SerialOnFirstLine,
    HeadsOnly,
}

/// How sex and birth are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Births {
    SexAndBirth,
    BirthUnderSex,
    MarksAndBirth,
    SexAndThreeParts,
}

/// Where the hamlet unit is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Column,
    Title,
    SheetName,
    SectionLine,
}

/// One group of columns under one upper title: lower titles, if any, and what fills each.
struct Group {
    upper: &'static str,
    lower: Vec<&'static str>,
}

pub(crate) fn written(seed: u64) -> Written {
    let mut dice = Dice(seed);
    let parts = [
        Parts::CodeOnEachRow,
        Parts::NumberOnFirstLine,
        Parts::NumberMergedDown,
        Parts::SerialOnFirstLine,
        Parts::HeadsOnly,
    ][dice.below(5)];
    let births =
        [Births::SexAndBirth, Births::BirthUnderSex, Births::MarksAndBirth, Births::SexAndThreeParts]
            [dice.below(4)];
    let named = [Named::Column, Named::Title, Named::SheetName, Named::SectionLine][dice.below(4)];
    let mut groups: Vec<Group> = Vec::new();
    let mut add = |upper, lower: &[&'static str]| groups.push(Group { upper, lower: lower.to_vec() });
    match parts {
        Parts::CodeOnEachRow => add(dice.pick(&["Mã hộ", "Mã số hộ"]), &[]),
        Parts::NumberOnFirstLine | Parts::NumberMergedDown => {
            add(dice.pick(&["Số hộ", "Hộ số", "STT hộ", "Hộ"]), &[])
        }
        Parts::SerialOnFirstLine | Parts::HeadsOnly => {}
    }
    add(dice.pick(&["Quan hệ với chủ hộ", "QUAN HỆ", "QH với chủ hộ"]), &[]);
    if dice.one_in(3) {
        add("Họ và tên", &["Họ và tên đệm", "Tên"]);
    } else {
        add(dice.pick(&["Họ và tên", "HỌ TÊN", "Họ, chữ đệm và tên"]), &[]);
    }
    match births {
        Births::SexAndBirth => {
            add(dice.pick(&["Giới tính", "Nam/Nữ"]), &[]);
            add(dice.pick(&["Ngày sinh", "Năm sinh", "Ngày, tháng, năm sinh\n(dd/mm/yyyy)"]), &[]);
        }
        Births::BirthUnderSex => add("Ngày, tháng, năm sinh", &["Nam", "Nữ"]),
        Births::MarksAndBirth => {
            add("Giới tính", &["Nam", "Nữ"]);
            add("Ngày sinh", &[]);
        }
        Births::SexAndThreeParts => {
            add("Giới tính", &[]);
            add("Sinh ngày", &["Ngày", "Tháng", "Năm"]);
        }
    }
    if dice.one_in(2) {
        add("Địa chỉ", &[]);
    } else {
        add(dice.pick(&["Ngõ", "Ngõ/Xóm"]), &[]);
        add("Số nhà", &[]);
    }
    add(dice.pick(&["Điện thoại", "SĐT", "Số ĐT"]), &[]);
    if named == Named::Column {
        add(dice.pick(&["Thôn/TDP", "Địa bàn", "Tổ dân phố"]), &[]);
    }
    if dice.one_in(2) {
        add("Số CCCD", &[]);
        add("Dân tộc", &[]);
    }
    dice.shuffle(&mut groups);
    if parts != Parts::HeadsOnly || dice.one_in(2) {
        groups.insert(0, Group { upper: "STT", lower: vec![] });
    }
    groups.push(Group { upper: "Ghi chú", lower: vec![] });
    let layout = format!(
        "seed {seed} {parts:?} {births:?} {named:?} {:?}",
        groups.iter().map(|group| (group.upper, group.lower.clone())).collect::<Vec<_>>()
    );
    let mut book = Workbook::new();
    let sheets = if matches!(named, Named::SectionLine) { 1 } else { 1 + dice.below(2) };
    let mut all = Vec::new();
    let mut rejected = 0;
    for number in 0..sheets {
        let units = ["Thôn Sen Hạ", "TDP Tre Trung", "Thôn Đình Hoà"];
        let unit = units[(number + dice.below(2)) % 3];
        let mut homes_here = Vec::new();
        for unit in if named == Named::SectionLine { vec![units[0], units[1]] } else { vec![unit] } {
            let count = 3 + dice.below(12);
            homes_here.extend(homes(&mut dice, unit, count));
        }
        let sheet = book.add_worksheet();
        let name = if named == Named::SheetName {
            format!("{unit} {}", ["", " "][number])
        } else {
            format!("Sheet{}", number + 1)
        };
        sheet
            .set_name(
                name.trim_end().to_owned()
                    + if named == Named::SheetName && number == 1 { " (2)" } else { "" },
            )
            .unwrap();
        let mut page = Page { sheet, dice: &mut dice, groups: &groups, row: 0, rejected: 0, serial: 0 };
        page.title_block(if named == Named::Title { Some(unit) } else { None });
        page.header();
        page.body(&homes_here, parts, births, named);
        page.footer(&homes_here);
        rejected += page.rejected;
        all.extend(homes_here);
    }
    Written { bytes: book.save_to_buffer().unwrap(), homes: all, rejected, layout }
}

struct Page<'a> {
    sheet: &'a mut Worksheet,
    dice: &'a mut Dice,
    groups: &'a [Group],
    row: u32,
    rejected: usize,
    serial: u32,
}

impl Page<'_> {
    fn text(&mut self, column: u16, text: &str) {
        self.sheet.write_string(self.row, column, text).unwrap();
    }

    fn number(&mut self, column: u16, number: impl Into<f64>) {
        self.sheet.write_number(self.row, column, number.into()).unwrap();
    }

    /// Somebody's typing: capitals, double blanks, decomposed letters, the wrong Đ.
    fn typed(&mut self, column: u16, text: &str) {
        let typed = match self.dice.below(8) {
            0 => text.to_uppercase(),
            1 => format!("  {} ", text.replace(' ', "  ")),
            2 => text.nfd().collect(),
            3 => text.replace('Đ', "Ð"),
            _ => text.to_owned(),
        };
        self.text(column, &typed);
    }

    fn title_block(&mut self, unit: Option<&str>) {
        if self.dice.one_in(4) && unit.is_none() {
            return;
        }
        self.text(0, "ỦY BAN NHÂN DÂN XÃ ĐỒNG SEN");
        self.text(4, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM");
        self.row += 1;
        self.text(4, "Độc lập - Tự do - Hạnh phúc");
        self.row += 2;
        let line = match unit {
            Some(unit) if self.dice.one_in(2) => {
                format!("DANH SÁCH NHÂN KHẨU {} - XÃ ĐỒNG SEN", unit.to_uppercase())
            }
            Some(unit) => {
                self.text(0, &unit.to_uppercase());
                self.row += 1;
                "DANH SÁCH HỘ VÀ NHÂN KHẨU".to_owned()
            }
            None => "DANH SÁCH HỘ VÀ NHÂN KHẨU".to_owned(),
        };
        self.sheet.merge_range(self.row, 0, self.row, 6, &line, &Format::new()).unwrap();
        self.row += 1;
        self.text(0, "(Tính đến ngày 01 tháng 7 năm 2026)");
        self.row += 1 + u32::try_from(self.dice.below(3)).unwrap();
    }

    fn header(&mut self) {
        let two_levels = self.groups.iter().any(|group| !group.lower.is_empty());
        let merged = self.dice.one_in(2);
        let format = Format::new();
        let mut column = 0;
        for group in self.groups {
            let width = u16::try_from(group.lower.len().max(1)).unwrap();
            self.text(column, group.upper);
            if width > 1 && merged {
                self.sheet
                    .merge_range(self.row, column, self.row, column + width - 1, group.upper, &format)
                    .unwrap();
            } else if two_levels && width == 1 && merged {
                self.sheet.merge_range(self.row, column, self.row + 1, column, group.upper, &format).unwrap();
            }
            for (at, lower) in (0..).zip(&group.lower) {
                self.sheet.write_string(self.row + 1, column + at, *lower).unwrap();
            }
            column += width;
        }
        self.row += if two_levels { 2 } else { 1 };
        if self.dice.one_in(3) {
            for at in 0..column {
                self.text(at, &format!("({})", at + 1));
            }
            self.row += 1;
        }
    }

    fn body(&mut self, homes: &[Home], parts: Parts, births: Births, named: Named) {
        let mut unit = "";
        for (number, home) in homes.iter().enumerate() {
            if named == Named::SectionLine && unit != home.unit {
                self.text(0, &format!("{}. {}", ["I", "II"][usize::from(number > 0)], home.unit));
                self.row += 1;
            }
            unit = &home.unit;
            if self.dice.one_in(9) {
                self.row += 1;
            }
            if number > 0 && self.dice.one_in(8) {
                self.header();
            }
            let first_row = self.row;
            for (place, person) in home.people.iter().enumerate() {
                self.person(home, person, place == 0, number, parts, births);
                self.row += 1;
            }
            let number_column = self.column_of(&["Số hộ", "Hộ số", "STT hộ", "Hộ"]);
            if let Some(column) =
                number_column.filter(|_| parts == Parts::NumberMergedDown && home.people.len() > 1)
            {
                self.sheet.merge_range(first_row, column, self.row - 1, column, "", &Format::new()).unwrap();
                self.sheet.write_number(first_row, column, u32::try_from(number + 1).unwrap()).unwrap();
            }
            // Somebody of whom only the relation and a number were written.
            if parts == Parts::CodeOnEachRow && self.dice.one_in(10) {
                let (relation, code) = (
                    self.column_of(&["Quan hệ với chủ hộ", "QUAN HỆ", "QH với chủ hộ"]),
                    self.column_of(&["Mã hộ", "Mã số hộ"]),
                );
                self.text(relation.unwrap(), "Con");
                self.text(code.unwrap(), &home.code);
                self.rejected += 1;
                self.row += 1;
            }
        }
    }

    fn column_of(&self, uppers: &[&str]) -> Option<u16> {
        let mut column = 0;
        for group in self.groups {
            if uppers.contains(&group.upper) {
                return Some(column);
            }
            column += u16::try_from(group.lower.len().max(1)).unwrap();
        }
        None
    }

    fn person(
        &mut self,
        home: &Home,
        person: &Person,
        first: bool,
        number: usize,
        parts: Parts,
        births: Births,
    ) {
        self.serial += 1;
        let is_man = person.sex == Sex::Male;
        let mut column = 0;
        for group in self.groups {
            match (group.upper, births) {
                ("STT", _) if parts == Parts::SerialOnFirstLine && !first => {}
                ("STT", _) if parts == Parts::SerialOnFirstLine => {
                    self.number(column, u32::try_from(number + 1).unwrap());
                }
                ("STT", _) => self.number(column, self.serial),
                ("Mã hộ" | "Mã số hộ", _) => self.text(column, &home.code),
                ("Số hộ" | "Hộ số" | "STT hộ" | "Hộ", _) if first => {
                    self.number(column, u32::try_from(number + 1).unwrap());
                }
                ("Quan hệ với chủ hộ" | "QUAN HỆ" | "QH với chủ hộ", _) => {
                    self.text(column, word(&person.relation, &person.sex));
                }
                ("Họ và tên" | "HỌ TÊN" | "Họ, chữ đệm và tên", _) if group.lower.is_empty() =>
                {
                    self.typed(column, &person.name);
                }
                ("Họ và tên", _) => {
                    let (before, given) = person.name.rsplit_once(' ').unwrap();
                    self.text(column, before);
                    self.text(column + 1, given);
                }
                ("Giới tính", Births::MarksAndBirth) => self.text(column + u16::from(!is_man), "x"),
                ("Giới tính" | "Nam/Nữ", _) => self.text(column, if is_man { "Nam" } else { "Nữ" }),
                ("Ngày, tháng, năm sinh", Births::BirthUnderSex) => {
                    self.birth(column + u16::from(!is_man), person.birth)
                }
                ("Sinh ngày", _) => {
                    for (at, part) in (0..).zip([
                        person.birth.day(),
                        person.birth.month(),
                        u32::try_from(person.birth.year()).ok(),
                    ]) {
                        if let Some(part) = part {
                            self.sheet.write_number(self.row, column + at, part).unwrap();
                        }
                    }
                }
                (title, _) if title.contains("sinh") => self.birth(column, person.birth),
                ("Địa chỉ", _) if first => {
                    self.text(column, &format!("Số {}, {}", home.house_no, home.alley))
                }
                ("Ngõ" | "Ngõ/Xóm", _) if first || parts == Parts::CodeOnEachRow => {
                    self.text(column, &home.alley)
                }
                ("Số nhà", _) if first || parts == Parts::CodeOnEachRow => {
                    self.text(column, &home.house_no)
                }
                ("Điện thoại" | "SĐT" | "Số ĐT", _) => self.phone(column, person.phone.as_deref()),
                ("Thôn/TDP" | "Địa bàn" | "Tổ dân phố", _) if first => {
                    self.typed(column, &home.unit)
                }
                ("Số CCCD", _) => self.text(column, "001099000001"),
                ("Dân tộc", _) => self.text(column, "Kinh"),
                _ => {}
            }
            column += u16::try_from(group.lower.len().max(1)).unwrap();
        }
    }

    fn birth(&mut self, column: u16, birth: PartialDate) {
        let style = self.dice.below(4);
        let (year, month, day) = (birth.year(), birth.month(), birth.day());
        match (month, day) {
            (None, _) if style < 2 => self.number(column, year),
            (Some(month), Some(day)) if style == 0 => {
                let date = ExcelDateTime::from_ymd(
                    u16::try_from(year).unwrap(),
                    u8::try_from(month).unwrap(),
                    u8::try_from(day).unwrap(),
                );
                let format = Format::new().set_num_format("dd/mm/yyyy");
                self.sheet.write_datetime_with_format(self.row, column, date.unwrap(), &format).unwrap();
            }
            (Some(month), Some(day)) if style == 1 => self.text(column, &format!("{day}-{month}-{year}")),
            _ => self.text(column, &birth.shown()),
        }
    }

    fn phone(&mut self, column: u16, phone: Option<&str>) {
        let Some(phone) = phone else { return };
        match self.dice.below(3) {
            0 => self.number(column, phone.parse::<u32>().unwrap()),
            1 => self.text(column, &format!("{}.{}.{}", &phone[..4], &phone[4..7], &phone[7..])),
            _ => self.text(column, phone),
        }
    }

    fn footer(&mut self, homes: &[Home]) {
        let people: usize = homes.iter().map(|home| home.people.len()).sum();
        if self.dice.one_in(2) {
            self.row += u32::try_from(self.dice.below(2)).unwrap();
            self.text(0, &format!("Tổng cộng: {} hộ, {people} nhân khẩu", homes.len()));
            self.row += 1;
        }
        if self.dice.one_in(2) {
            self.row += 1;
            self.text(3, "Đồng Sen, ngày 01 tháng 7 năm 2026");
            self.row += 1;
            self.text(1, "NGƯỜI LẬP BIỂU");
            self.text(4, "TRƯỞNG THÔN");
            self.row += 3;
            self.text(1, "Nguyễn Văn Lập");
            self.text(4, "Trần Thị Ký");
        }
    }
}
