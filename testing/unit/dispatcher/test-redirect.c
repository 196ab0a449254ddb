/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/unit/dispatcher/test-redirect.c - a client between three gateways (RFC 5685): it ends where it is sent, with what it was to
 * have, and nothing is left behind. */
#include "engine/ike-sa-private.h"
#include "testing/lib/first-request.h"
#include "testing/lib/shard-world.h"

#include "dispatcher/shard-private.h"

#include <string.h>

#define N_GATEWAYS 3

static const char *const addresses[N_GATEWAYS] = { "192.0.2.2", "192.0.2.3", "192.0.2.4" };

typedef struct {
    ObolCrypto *crypto;
    World *client, *gateways[N_GATEWAYS];
    ObolConnection *connection, *gateway_connections[N_GATEWAYS]; /* borrowed */
    ObolAddress here;
} Lab;

static ObolGateway
gateway(const char *text)
{
    ObolGateway g;

    g_assert_true(obol_gateway_parse(text, &g));
    return g;
}

static void
begin(Lab *lab)
{
    lab->crypto = test_crypto_new();
    lab->client = world_new(&obol_shard_default_limits, lab->crypto, 1);
    lab->connection = world_connection("client", TRUE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NEVER);
    world_configure(lab->client, lab->connection);
    lab->here = request_from("192.0.2.1");
    for (guint i = 0; i < N_GATEWAYS; i++) {
        lab->gateways[i] = world_new(&obol_shard_default_limits, lab->crypto, 10 + i);
        lab->gateway_connections[i] = world_connection("gateway", FALSE, "aes128gcm16-prfsha256-x25519", "aes128gcm16", OBOL_UNIQUE_NO);
    }
}

/* When its settings are what the test wants. */
static void
start(Lab *lab)
{
    for (guint i = 0; i < N_GATEWAYS; i++)
        world_configure(lab->gateways[i], lab->gateway_connections[i]);
}

static void
end(Lab *lab)
{
    world_free(lab->client);
    for (guint i = 0; i < N_GATEWAYS; i++)
        world_free(lab->gateways[i]);
    obol_crypto_free(lab->crypto);
}

static World *
at(Lab *lab, const ObolAddress *address)
{
    for (guint i = 0; i < N_GATEWAYS; i++) {
        ObolAddress one = request_from(addresses[i]);

        if (obol_address_equal(&one, address))
            return lab->gateways[i];
    }
    return lab->client;
}

/* By their addresses, until nobody has anything to say. */
static void
run(Lab *lab)
{
    World *all[] = { lab->client, lab->gateways[0], lab->gateways[1], lab->gateways[2] };
    gboolean busy = TRUE;

    while (busy) {
        busy = FALSE;
        for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
            WorldDatagram *one;

            world_run_jobs(all[i]);
            world_answer_all(all[i]);
            while ((one = world_take_sent(all[i])) != NULL) {
                gsize n;
                const guint8 *data = g_bytes_get_data(one->bytes, &n);

                world_receive(at(lab, &one->remote), &one->local, &one->remote, data, n);
                world_datagram_free(one);
                busy = TRUE;
            }
        }
    }
}

static void
initiate(Lab *lab)
{
    ObolAddress there = request_from(addresses[0]);

    obol_shard_initiate(lab->client->shard, lab->connection, NULL, &lab->here, &there, 5, lab->client->now_us);
    run(lab);
}

/* The client is at that one, whole, and nobody else has anything. */
static void
assert_at(Lab *lab, guint which)
{
    ObolAddress there = request_from(addresses[which]);
    const ObolSlot *slot;

    g_assert_cmpuint(lab->client->shard->slots->len, ==, 1);
    slot = g_ptr_array_index(lab->client->shard->slots, 0);
    g_assert_cmpint(obol_ike_sa_state(slot->sa), ==, OBOL_IKE_ESTABLISHED);
    g_assert_true(obol_address_equal(obol_ike_sa_remote(slot->sa), &there));
    g_assert_cmpuint(g_hash_table_size(lab->client->sas), ==, 2);
    for (guint i = 0; i < N_GATEWAYS; i++) {
        g_assert_cmpuint(lab->gateways[i]->shard->slots->len, ==, i == which ? 1 : 0);
        g_assert_cmpuint(g_hash_table_size(lab->gateways[i]->sas), ==, i == which ? 2 : 0);
    }
}

static void
test_it_ends_where_it_is_sent(gconstpointer data)
{
    ObolRedirectWhen when = (ObolRedirectWhen) GPOINTER_TO_INT(data);
    Lab lab;

    begin(&lab);
    lab.gateway_connections[0]->redirect_to = gateway(addresses[1]);
    lab.gateway_connections[0]->redirect_when = when;
    start(&lab);
    initiate(&lab);
    assert_at(&lab, 1);
    g_assert_cmpuint(lab.client->n_commands_done, ==, 1);
    g_assert_cmpuint(lab.client->n_commands_failed, ==, 0);
    end(&lab);
}

static void
test_it_may_be_sent_on(void)
{
    Lab lab;

    begin(&lab);
    lab.gateway_connections[0]->redirect_to = gateway(addresses[1]);
    lab.gateway_connections[0]->redirect_when = OBOL_REDIRECT_AT_INIT;
    lab.gateway_connections[1]->redirect_to = gateway(addresses[2]);
    start(&lab);
    initiate(&lab);
    assert_at(&lab, 2);
    g_assert_cmpuint(lab.client->n_commands_done, ==, 1);
    end(&lab);
}

/* Section 7: three that send each other's clients round. */
static void
test_a_loop_ends(void)
{
    Lab lab;

    begin(&lab);
    for (guint i = 0; i < N_GATEWAYS; i++) {
        lab.gateway_connections[i]->redirect_to = gateway(addresses[(i + 1) % N_GATEWAYS]);
        lab.gateway_connections[i]->redirect_when = i % 2 == 0 ? OBOL_REDIRECT_AT_INIT : OBOL_REDIRECT_AT_AUTH;
    }
    start(&lab);
    initiate(&lab);
    g_assert_cmpuint(lab.client->shard->slots->len, ==, 0);
    g_assert_cmpuint(lab.client->n_commands_done, ==, 1);
    g_assert_cmpuint(lab.client->n_commands_failed, ==, 1);
    g_assert_cmpint(lab.client->last_reason, ==, OBOL_REASON_REDIRECT);
    g_assert_cmpuint(g_hash_table_size(lab.client->sas), ==, 0);
    end(&lab);
}

static void
test_a_name_is_looked_up(gconstpointer data)
{
    gboolean known = GPOINTER_TO_INT(data) != 0;
    ObolAddress found = request_from(addresses[2]);
    Lab lab;

    begin(&lab);
    lab.gateway_connections[0]->redirect_to = gateway("other.example");
    lab.gateway_connections[0]->redirect_when = OBOL_REDIRECT_AT_INIT;
    start(&lab);
    initiate(&lab);
    g_assert_cmpstr(lab.client->asked_name, ==, "other.example");
    obol_shard_resolved(lab.client->shard, lab.client->asked_ticket, known ? &found : NULL, lab.client->now_us);
    run(&lab);
    if (known)
        assert_at(&lab, 2);
    else
        g_assert_cmpuint(lab.client->shard->slots->len, ==, 0);
    g_assert_cmpuint(lab.client->n_commands_done, ==, 1);
    g_assert_cmpuint(lab.client->n_commands_failed, ==, known ? 0 : 1);
    end(&lab);
}

static void
test_another_identity_does_not_serve(void)
{
    Lab lab;

    begin(&lab);
    lab.gateway_connections[0]->redirect_to = gateway(addresses[1]);
    g_free(lab.gateway_connections[1]->local_id);
    lab.gateway_connections[1]->local_id = obol_identity_parse("stranger.example", NULL);
    start(&lab);
    initiate(&lab);
    g_assert_cmpuint(lab.client->shard->slots->len, ==, 0);
    g_assert_cmpuint(lab.client->n_commands_failed, ==, 1);
    end(&lab);
}

static void
test_a_session_is_moved(void)
{
    ObolIdentity *pattern = obol_identity_parse("*.example", NULL), *other = obol_identity_parse("*.test", NULL);
    ObolGateway to = gateway(addresses[1]);
    Lab lab;

    begin(&lab);
    start(&lab);
    initiate(&lab);
    assert_at(&lab, 0);
    g_assert_cmpuint(obol_shard_redirect(lab.gateways[0]->shard, &(ObolClientSelector) { .ike = "another" }, &to, lab.client->now_us), ==, 0);
    g_assert_cmpuint(obol_shard_redirect(lab.gateways[0]->shard, &(ObolClientSelector) { .peer_id = other }, &to, lab.client->now_us), ==, 0);
    /* The client itself redirects nobody. */
    g_assert_cmpuint(obol_shard_redirect(lab.client->shard, &(ObolClientSelector) { .ike = "client" }, &to, lab.client->now_us), ==, 0);
    run(&lab);
    assert_at(&lab, 0);
    g_assert_cmpuint(obol_shard_redirect(lab.gateways[0]->shard, &(ObolClientSelector) { .ike = "gateway", .peer_id = pattern }, &to,
                                         lab.client->now_us), ==, 1);
    run(&lab);
    assert_at(&lab, 1);
    /* And whoever wants that connection finds it there. */
    {
        ObolAddress settings = request_from(addresses[0]);

        obol_shard_initiate(lab.client->shard, lab.connection, NULL, &lab.here, &settings, 6, lab.client->now_us);
        run(&lab);
    }
    assert_at(&lab, 1);
    g_free(pattern);
    g_free(other);
    end(&lab);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/dispatcher/redirect/it-ends-where-it-is-sent/at-init", GINT_TO_POINTER(OBOL_REDIRECT_AT_INIT), test_it_ends_where_it_is_sent);
    g_test_add_data_func("/dispatcher/redirect/it-ends-where-it-is-sent/at-auth", GINT_TO_POINTER(OBOL_REDIRECT_AT_AUTH), test_it_ends_where_it_is_sent);
    g_test_add_func("/dispatcher/redirect/it-may-be-sent-on", test_it_may_be_sent_on);
    g_test_add_func("/dispatcher/redirect/a-loop-ends", test_a_loop_ends);
    g_test_add_data_func("/dispatcher/redirect/a-name-is-looked-up/known", GINT_TO_POINTER(1), test_a_name_is_looked_up);
    g_test_add_data_func("/dispatcher/redirect/a-name-is-looked-up/unknown", GINT_TO_POINTER(0), test_a_name_is_looked_up);
    g_test_add_func("/dispatcher/redirect/another-identity-does-not-serve", test_another_identity_does_not_serve);
    g_test_add_func("/dispatcher/redirect/a-session-is-moved", test_a_session_is_moved);
    return g_test_run();
}
