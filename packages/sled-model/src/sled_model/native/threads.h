// How the threads of a step wait for each other.

#pragma once

#include <omp.h>
#include <sched.h>

#include <atomic>

// OpenMP's own barriers may put a thread to sleep (OMP_WAIT_POLICY), which takes longer than what
// lies between two of them here. These spin for some microseconds, then let others run.
class Meeting {
  public:
    void wait(int threads) {
        const int now = turn.load(std::memory_order_acquire);
        if (there.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
            there.store(0, std::memory_order_relaxed);
            turn.store(now + 1, std::memory_order_release);
            return;
        }
        for (int tries = 0; turn.load(std::memory_order_acquire) == now; tries++)
            if (tries > PATIENCE) sched_yield();
    }

  private:
    static constexpr int PATIENCE = 20000;
    alignas(64) std::atomic<int> there{0};
    alignas(64) std::atomic<int> turn{0};
};
