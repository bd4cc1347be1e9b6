//! What the program can be started with.

use std::path::PathBuf;

/// Từng Nhà: đi từng ngõ, gõ từng nhà, hướng dẫn từng người.
#[derive(clap::Parser, Debug)]
#[command(name = "tung-nha", version)]
pub(crate) struct Options {
    /// Thư mục số liệu; không ghi thì dùng thư mục riêng của người đang đăng nhập
    #[arg(long, value_name = "THƯ MỤC")]
    pub(crate) data: Option<PathBuf>,
    /// Danh sách hộ (Excel, CSV) để đưa vào sau khi mở khóa
    #[arg(value_name = "DANH SÁCH")]
    pub(crate) list: Option<PathBuf>,
}
