# What runs beside a page of the manual (tests/manual_shell.py): started in a process group of its own, so that Ctrl-C reaches
# it as in a terminal; waited for until it says that it is ready; stopped by the page's signal, and then its exit code must
# be 130 after Ctrl-C and 0 after SIGTERM.
__pids=() __signals=() __logs=()
__beside() {
    local signal=$1 ready=$2 log="$HOME/beside-$RANDOM$RANDOM" end=$((SECONDS + 180))
    shift 2
    set -m; "$@" > "$log" 2>&1 & set +m
    __pids+=($!) __signals+=("$signal") __logs+=("$log")
    while [ -n "$ready" ] && ! grep -qF -- "$ready" "$log"; do
        if ! kill -0 "${__pids[-1]}" 2>/dev/null || [ $SECONDS -gt $end ]; then
            echo "it is not ready, or has ended:"; cat "$log"; return 1
        fi
        sleep 0.2
    done
}
__catches() { python3 -c '
import sys, pathlib
status = pathlib.Path(f"/proc/{sys.argv[1]}/status").read_text()
caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
sys.exit(not caught >> {"INT": 2, "TERM": 15}[sys.argv[2]] - 1 & 1)' "$@"; }
__stop() {
    local number code wrong=0 end
    for number in "${!__pids[@]}"; do
        end=$((SECONDS + 120))
        until ! kill -0 "${__pids[$number]}" 2>/dev/null || [ $SECONDS -gt $end ] ||
            __catches "${__pids[$number]}" "${__signals[$number]}"; do sleep 0.2; done
        kill -"${__signals[$number]}" "${__pids[$number]}" || true
        code=0
        wait "${__pids[$number]}" || code=$?
        if [ "${__signals[$number]}" = INT ]; then [ $code = 130 ] || wrong=1; else [ $code = 0 ] || wrong=1; fi
        echo "stopped by SIG${__signals[$number]}: $code"; tail -n 20 "${__logs[$number]}"
    done
    __pids=() __signals=() __logs=()
    return $wrong
}
trap 'for each in "${__pids[@]}"; do kill -TERM "$each" 2>/dev/null; done' EXIT
