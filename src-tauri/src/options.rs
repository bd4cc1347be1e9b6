//! What the program can be started with. Its help is for people here; only the names of options are not.

use std::path::PathBuf;

/// Từng Nhà: đi từng ngõ, gõ từng nhà, hướng dẫn từng người.
#[derive(clap::Parser, Debug)]
#[command(name = "tung-nha", version, disable_help_flag = true, disable_version_flag = true)]
#[command(
    help_template = "{about-with-newline}\nCách dùng: tung-nha [--data THƯ MỤC] [DANH SÁCH]\n\n{all-args}"
)]
pub(crate) struct Options {
    /// Thư mục số liệu; không ghi thì dùng thư mục riêng của người đang đăng nhập
    #[arg(long, value_name = "THƯ MỤC", help_heading = "Tùy chọn")]
    pub(crate) data: Option<PathBuf>,
    /// Danh sách hộ (Excel, CSV) để đưa vào sau khi mở khóa
    #[arg(value_name = "DANH SÁCH", help_heading = "Tùy chọn")]
    pub(crate) list: Option<PathBuf>,
    /// Xem cách dùng
    #[arg(short, long, action = clap::ArgAction::Help, help_heading = "Tùy chọn")]
    help: Option<bool>,
    /// Xem phiên bản
    #[arg(short = 'V', long, action = clap::ArgAction::Version, help_heading = "Tùy chọn")]
    version: Option<bool>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn help_speaks_vietnamese() {
        let help = Options::command().render_long_help().to_string();
        for english in ["Usage", "Options", "Arguments", "Print"] {
            assert!(!help.contains(english), "{english} in\n{help}");
        }
        assert!(help.contains("Cách dùng: tung-nha") && help.contains("Xem cách dùng"), "{help}");
    }
}
