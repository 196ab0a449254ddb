/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/bench/meter.c - crypto vtables that look at the clock. */
#include "meter.h"

#include <time.h>

#define N_CALIBRATION 200000

/* The suite of the benchmark: one algorithm of each kind is enough. */
static struct {
    const ObolMacVtable *prf;
    const ObolAeadVtable *aead;
    const ObolKeVtable *ke;
    const ObolRandom *random;
    BenchMeter *meter;
} real;

gint64
bench_cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

void
bench_meter_use(BenchMeter *meter)
{
    real.meter = meter;
}

#define TIMED(kind, call)                                       \
    do {                                                        \
        gint64 began_ = bench_cpu_ns();                         \
        call;                                                   \
        real.meter->kind##_ns += bench_cpu_ns() - began_;       \
        real.meter->n_##kind++;                                 \
    } while (0)

static gpointer
prf_open(const guint8 *key, gsize n_key, GError **error)
{
    gpointer self;

    TIMED(crypto, self = real.prf->open(key, n_key, error));
    return self;
}

static void
prf_update(gpointer self, const guint8 *data, gsize n)
{
    TIMED(crypto, real.prf->update(self, data, n));
}

static void
prf_finish(gpointer self, guint8 *out)
{
    TIMED(crypto, real.prf->finish(self, out));
}

static void
prf_close(gpointer self)
{
    TIMED(crypto, real.prf->close(self));
}

static gpointer
aead_open(const guint8 *key, gsize n_key, GError **error)
{
    gpointer self;

    TIMED(crypto, self = real.aead->open(key, n_key, error));
    return self;
}

static gboolean
aead_seal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    gboolean done;

    TIMED(crypto, done = real.aead->seal(self, nonce, aad, n_aad, text, n));
    return done;
}

static gboolean
aead_unseal(gpointer self, const guint8 *nonce, const guint8 *aad, gsize n_aad, guint8 *text, gsize n)
{
    gboolean done;

    TIMED(crypto, done = real.aead->unseal(self, nonce, aad, n_aad, text, n));
    return done;
}

static void
aead_close(gpointer self)
{
    TIMED(crypto, real.aead->close(self));
}

static gpointer
ke_offer(const ObolRandom *random, guint8 *public_out, GError **error)
{
    gpointer self;

    TIMED(public_key, self = real.ke->offer(random, public_out, error));
    return self;
}

static ObolSecret *
ke_accept(const ObolRandom *random, const guint8 *peer, gsize n_peer, guint8 *public_out, GError **error)
{
    ObolSecret *secret;

    TIMED(public_key, secret = real.ke->accept(random, peer, n_peer, public_out, error));
    return secret;
}

static ObolSecret *
ke_complete(gpointer self, const guint8 *peer, gsize n_peer, GError **error)
{
    ObolSecret *secret;

    TIMED(public_key, secret = real.ke->complete(self, peer, n_peer, error));
    return secret;
}

static void
ke_close(gpointer self)
{
    TIMED(public_key, real.ke->close(self));
}

/* Not timed where it is called from within a key exchange: that is timed already, and once is enough. */
static void
random_fill(gpointer self, guint8 *out, gsize n)
{
    real.random->calls->fill(self, out, n);
}

ObolCrypto *
bench_meter_wrap(const ObolCrypto *crypto)
{
    static ObolMacVtable prf;
    static ObolAeadVtable aead;
    static ObolKeVtable ke;
    static ObolRandomVtable random;
    ObolCrypto *wrapped = obol_crypto_new();

    real.prf = obol_crypto_prf(crypto, OBOL_PRF_HMAC_SHA2_256);
    real.aead = obol_crypto_aead(crypto, OBOL_ENCR_AES_GCM_16);
    real.ke = obol_crypto_ke(crypto, OBOL_KE_X25519);
    real.random = obol_crypto_random(crypto);
    prf = *real.prf;
    prf.open = prf_open;
    prf.update = prf_update;
    prf.finish = prf_finish;
    prf.close = prf_close;
    aead = *real.aead;
    aead.open = aead_open;
    aead.seal = aead_seal;
    aead.unseal = aead_unseal;
    aead.close = aead_close;
    ke = *real.ke;
    ke.offer = ke_offer;
    ke.accept = ke_accept;
    ke.complete = ke_complete;
    ke.close = ke_close;
    random = *real.random->calls;
    random.fill = random_fill;
    obol_crypto_add_prf(wrapped, &prf, "meter");
    obol_crypto_add_aead(wrapped, &aead, "meter");
    obol_crypto_add_ke(wrapped, &ke, "meter");
    for (guint16 id = OBOL_HASH_SHA1; id <= OBOL_HASH_SHA2_512; id++) {
        const ObolHashVtable *hash = obol_crypto_hash(crypto, id);

        if (hash != NULL)
            obol_crypto_add_hash(wrapped, hash, "real");
    }
    obol_crypto_set_random(wrapped, &random, real.random->self);
    return wrapped;
}

void
bench_meter_calibrate(double *whole_ns, double *inner_ns)
{
    BenchMeter unused = { 0 }, *before = real.meter;
    gint64 began;

    real.meter = &unused;
    began = bench_cpu_ns();
    for (guint i = 0; i < N_CALIBRATION; i++)
        TIMED(crypto, __asm__ volatile(""));
    *whole_ns = (double) (bench_cpu_ns() - began) / N_CALIBRATION;
    *inner_ns = (double) unused.crypto_ns / N_CALIBRATION;
    real.meter = before;
}
