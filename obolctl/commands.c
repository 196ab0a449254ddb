/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commands.c - the one table of commands: it drives dispatch, help and completion. */
#include "ctl.h"

const CtlCommand ctl_commands[] = {
    { "list-sas", "sas", N_("[NAME]"), N_("list IKE SAs with their Child SAs"), CTL_TAKES_CONNECTION, 1,
      ctl_list_sas_options, ctl_list_sas },
    { "list-conns", "conns", N_("[NAME]"), N_("list the connections as they are configured"), CTL_TAKES_CONNECTION, 1,
      NULL, ctl_list_conns },
    { "list-pols", "pols", N_("[NAME]"), N_("list the policies that stand without an SA: traps and shunts"), CTL_TAKES_CONNECTION, 1,
      ctl_list_pols_options, ctl_list_pols },
    { "list-pools", "pools", N_("[--leases] [NAME]"), N_("list the pools of virtual addresses"), CTL_TAKES_NOTHING, 1,
      ctl_list_pools_options, ctl_list_pools },
    { "initiate", "up", N_("[--child CHILD] [NAME]"), N_("set up a connection, or one child of it"),
      CTL_TAKES_CONNECTION, 1, ctl_initiate_options, ctl_initiate },
    { "rekey", NULL, N_("[--ike-id N] [--child CHILD] [--reauth] [NAME]"), N_("give an IKE SA new keys, or a child of it"),
      CTL_TAKES_CONNECTION, 1, ctl_rekey_options, ctl_rekey },
    { "redirect", NULL, N_("--gateway HOST [--ike-id N] [--peer-ip NET] [--peer-id ID] [NAME]"),
      N_("send connected clients to another gateway"), CTL_TAKES_CONNECTION, 1, ctl_redirect_options, ctl_redirect },
    { "terminate", "down", N_("[--child CHILD] [NAME]"), N_("take down a connection, or one child of it"),
      CTL_TAKES_CONNECTION, 1, ctl_terminate_options, ctl_terminate },
    { "selectors", NULL, N_("CHILD --add|--remove|--set SELECTOR... [--local]"),
      N_("change what a Child SA protects while it lives"), CTL_TAKES_CHILD, 1 + 128, ctl_selectors_options, ctl_selectors },
    { "install", NULL, N_("CHILD"), N_("install a child's policies, so that a packet sets it up"), CTL_TAKES_CHILD, 1,
      NULL, ctl_install },
    { "uninstall", NULL, N_("CHILD"), N_("remove a child's policies"), CTL_TAKES_CHILD, 1, NULL, ctl_uninstall },
    { "load", NULL, N_("[FILE...]"), N_("load connections from files, or all of the daemon's own files again"),
      CTL_TAKES_FILE, 256, NULL, ctl_load },
    { "load-shared", NULL, N_("--id ID [--owner IDENTITY]... [FILE]"),
      N_("load a pre-shared key from a file or standard input"), CTL_TAKES_FILE, 1, ctl_load_shared_options,
      ctl_load_shared },
    { "unload", NULL, N_("NAME"), N_("forget a connection; its SAs stay"), CTL_TAKES_CONNECTION, 1, NULL, ctl_unload },
    { "reload", NULL, "", N_("make the daemon read its files again"), CTL_TAKES_NOTHING, 0, NULL, ctl_reload },
    { "log", NULL, "", N_("follow the daemon's log"), CTL_TAKES_NOTHING, 0, NULL, ctl_log },
    { "monitor", NULL, N_("[--ladder]"), N_("follow what happens to SAs, or the messages as they pass"),
      CTL_TAKES_NOTHING, 0, ctl_monitor_options, ctl_monitor },
    { "failures", NULL, N_("[NAME]"), N_("list what failed lately"), CTL_TAKES_CONNECTION, 1, NULL, ctl_failures },
    { "explain", NULL, N_("[NAME]"), N_("explain the last failure, and what to do about it"), CTL_TAKES_CONNECTION, 1,
      NULL, ctl_explain },
    { "stats", NULL, "", N_("show what the daemon has been doing"), CTL_TAKES_NOTHING, 0, NULL, ctl_stats },
    { "algs", NULL, "", N_("list the algorithms and who provides them"), CTL_TAKES_NOTHING, 0, NULL, ctl_algs },
    { "plugins", NULL, "", N_("list the plugins, and why one is not loaded"), CTL_TAKES_NOTHING, 0, NULL, ctl_plugins },
    { "kernel", NULL, N_("sad|spd"), N_("list all SAs or policies that the kernel holds, ours and others'"), CTL_TAKES_NOTHING, 1,
      NULL, ctl_kernel },
    { "doctor", NULL, "", N_("say what this machine's kernel can do for us, and what is in the way"), CTL_TAKES_NOTHING, 0,
      ctl_doctor_options, ctl_doctor },
    { "version", NULL, "", N_("show the versions of obolctl and of the daemon"), CTL_TAKES_NOTHING, 0, NULL,
      ctl_version },
    { "help", NULL, N_("[VERB]"), N_("show the verbs, or the options of one"), CTL_TAKES_COMMAND, 1, NULL, ctl_help },
    { "__complete", NULL, NULL, NULL, CTL_TAKES_NOTHING, 1024, NULL, ctl_complete },
    { 0 },
};

const CtlCommand *
ctl_command_find(const char *name)
{
    for (const CtlCommand *command = ctl_commands; command->name != NULL; command++) {
        if (g_str_equal(command->name, name) || g_strcmp0(command->alias, name) == 0)
            return command;
    }
    return NULL;
}
