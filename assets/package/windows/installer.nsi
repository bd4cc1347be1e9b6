; The installer of the window for Windows 10 and 11: for the person who is logged in, no administrator asked,
; nothing fetched. `cargo xtask windows` calls makensis with VERSION, SIZE_KB, FROM (the folder whose files are
; installed), ICON and OUT. What people recorded lies in %LOCALAPPDATA%\vn.tungnha.desktop: neither installing nor
; removing touches it.

Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
RequestExecutionLevel user
ManifestDPIAware true

!include "MUI2.nsh"
!include "LogicLib.nsh"
!include "WinVer.nsh"

!define PROGRAM "tung-nha.exe"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\vn.tungnha.desktop"
; Offered under "Open with" for household lists; what opens them by itself stays as it is.
!define OPEN_WITH_KEY "Software\Classes\Applications\${PROGRAM}"
; Where the evergreen WebView2 runtime writes its version, for all users or for one (Microsoft's documentation
; "Distribute your app and the WebView2 Runtime").
!define WEBVIEW2_ALL "SOFTWARE\WOW6432Node\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"
!define WEBVIEW2_ONE "Software\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"

Name "Từng Nhà"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Tung Nha"
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"
BrandingText "Từng Nhà ${VERSION}"

VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Từng Nhà"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Từng Nhà"
VIAddVersionKey "LegalCopyright" "MIT OR Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
; The mark on the colour of the program; beside this script.
!define MUI_WELCOMEFINISHPAGE_BITMAP "${__FILEDIR__}/side.bmp"
!define MUI_ABORTWARNING
!define MUI_WELCOMEPAGE_TITLE "$(WELCOME_TITLE)"
!define MUI_WELCOMEPAGE_TEXT "$(WELCOME_TEXT)"
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!define MUI_FINISHPAGE_TEXT "$(FINISH_TEXT)"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!define MUI_UNCONFIRMPAGE_TEXT_TOP "$(REMOVE_TEXT)"
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES

; The first language is what people get whose Windows speaks neither.
!insertmacro MUI_LANGUAGE "Vietnamese"
!insertmacro MUI_LANGUAGE "English"

LangString WELCOME_TITLE ${LANG_VIETNAMESE} "Cài Từng Nhà ${VERSION}"
LangString WELCOME_TITLE ${LANG_ENGLISH} "Installing Từng Nhà ${VERSION}"
LangString WELCOME_TEXT ${LANG_VIETNAMESE} "Cài cho người đang dùng máy này, không cần quyền quản trị, không cần mạng.$\r$\n$\r$\nMáy đã có bản cũ thì bản mới thay vào; những gì đã ghi trên máy được giữ nguyên."
LangString WELCOME_TEXT ${LANG_ENGLISH} "Installs for the person using this laptop; no administrator and no network needed.$\r$\n$\r$\nAn older version is replaced; everything recorded on this laptop stays."
LangString FINISH_TEXT ${LANG_VIETNAMESE} "Đã cài xong. Mở lần sau từ biểu tượng Từng Nhà trên màn hình."
LangString FINISH_TEXT ${LANG_ENGLISH} "Installed. Next time, open it by the icon Từng Nhà on the desktop."
LangString REMOVE_TEXT ${LANG_VIETNAMESE} "Gỡ chương trình Từng Nhà. Những gì đã ghi trên máy vẫn được giữ, cài lại là mở tiếp được."
LangString REMOVE_TEXT ${LANG_ENGLISH} "Removes the program. Everything recorded on this laptop stays and can be opened after installing again."
LangString TOO_OLD ${LANG_VIETNAMESE} "Từng Nhà cần Windows 10 hoặc 11. Chưa cài gì lên máy này."
LangString TOO_OLD ${LANG_ENGLISH} "Từng Nhà needs Windows 10 or 11. Nothing was installed."
LangString STILL_OPEN ${LANG_VIETNAMESE} "Từng Nhà đang mở. Lưu việc đang làm, đóng cửa sổ ấy, rồi bấm Thử lại."
LangString STILL_OPEN ${LANG_ENGLISH} "Từng Nhà is open. Save what you are doing, close its window, then press Retry."
LangString NO_WEBVIEW2 ${LANG_VIETNAMESE} "Máy này thiếu một phần của Windows tên là Microsoft Edge WebView2 Runtime; thiếu nó thì cửa sổ Từng Nhà không mở được.$\r$\n$\r$\nNhờ cán bộ công nghệ của xã cài “WebView2 Runtime, Evergreen Standalone Installer, x64” của Microsoft. Từng Nhà vẫn cài tiếp bây giờ."
LangString NO_WEBVIEW2 ${LANG_ENGLISH} "A part of Windows named Microsoft Edge WebView2 Runtime is missing here; without it the window of Từng Nhà does not open.$\r$\n$\r$\nAsk the commune's technician for Microsoft's “WebView2 Runtime, Evergreen Standalone Installer, x64”. Từng Nhà is installed all the same."

; A program that runs cannot be replaced: its file does not open for writing.
!macro WaitUntilClosed
  ${If} ${FileExists} "$INSTDIR\${PROGRAM}"
    ${Do}
      ClearErrors
      FileOpen $0 "$INSTDIR\${PROGRAM}" a
      ${IfNot} ${Errors}
        FileClose $0
        ${Break}
      ${EndIf}
      MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(STILL_OPEN)" /SD IDCANCEL IDRETRY +2
      Abort
    ${Loop}
  ${EndIf}
!macroend

Function .onInit
  ${IfNot} ${AtLeastWin10}
    MessageBox MB_OK|MB_ICONSTOP "$(TOO_OLD)" /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
FunctionEnd

Section "Từng Nhà"
  !insertmacro WaitUntilClosed

  ReadRegStr $0 HKLM "${WEBVIEW2_ALL}" "pv"
  ReadRegStr $1 HKCU "${WEBVIEW2_ONE}" "pv"
  ${If} "$0$1" == ""
  ${OrIf} "$0$1" == "0.0.0.0"
    DetailPrint "$(NO_WEBVIEW2)"
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(NO_WEBVIEW2)" /SD IDOK
  ${EndIf}

  SetOutPath "$INSTDIR"
  File /r "${FROM}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"

  CreateShortcut "$SMPROGRAMS\Từng Nhà.lnk" "$INSTDIR\${PROGRAM}"
  CreateShortcut "$DESKTOP\Từng Nhà.lnk" "$INSTDIR\${PROGRAM}"

  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "Từng Nhà"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1

  WriteRegStr HKCU "${OPEN_WITH_KEY}" "FriendlyAppName" "Từng Nhà"
  WriteRegStr HKCU "${OPEN_WITH_KEY}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "${OPEN_WITH_KEY}\SupportedTypes" ".xlsx" ""
  WriteRegStr HKCU "${OPEN_WITH_KEY}\SupportedTypes" ".xls" ""
  WriteRegStr HKCU "${OPEN_WITH_KEY}\SupportedTypes" ".csv" ""
SectionEnd

Section "Uninstall"
  !insertmacro WaitUntilClosed
  Delete "$SMPROGRAMS\Từng Nhà.lnk"
  Delete "$DESKTOP\Từng Nhà.lnk"
  ; By name: a folder that somebody put something into keeps it.
  Delete "$INSTDIR\${PROGRAM}"
  Delete "$INSTDIR\WebView2Loader.dll"
  Delete "$INSTDIR\LICENSE-MIT.txt"
  Delete "$INSTDIR\LICENSE-APACHE.txt"
  Delete "$INSTDIR\THIRD-PARTY.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
  DeleteRegKey HKCU "${OPEN_WITH_KEY}"
SectionEnd
