/* For tests under Wine only; no package carries it. Rust's standard library takes its random bytes from
 * ProcessPrng of bcryptprimitives.dll, which every Windows 10 has and Wine 8 has not. */
#include <windows.h>

/* RtlGenRandom, under the name it is exported by advapi32.dll. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!SystemFunction036(buffer, part))
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}
