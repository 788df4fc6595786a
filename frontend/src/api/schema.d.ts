/* Generated from openapi.json by `npm run types`. */
/* eslint-disable */

export interface paths {
    "/api/v1/admin/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists invitations that nobody used yet, without their codes. */
        get: operations["list_invitations"];
        put?: never;
        /** Makes an invitation to register. The answer is the only place that ever shows its code. */
        post: operations["invite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/invitations/{invitation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes an invitation back. */
        delete: operations["delete_invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What users and the installation may use. */
        get: operations["read_limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes limits, for all coordinators and until they are changed again; `null` goes back to the configuration. */
        patch: operations["change_limits"];
        trace?: never;
    };
    "/api/v1/admin/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What waits and what runs, by pool and by user. */
        get: operations["read_queue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists accounts. */
        get: operations["list_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An account, with its limits and what it uses. */
        get: operations["read_user"];
        put?: never;
        post?: never;
        /** Deletes an account with its projects, files, jobs and artifacts. */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        /** Changes an account: its role, its limits, whether it is disabled. Disabling ends all that it is signed in by, and its jobs. */
        patch: operations["change_user"];
        trace?: never;
    };
    "/api/v1/admin/workers/{worker_id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a worker take no more jobs; what it runs goes on. */
        post: operations["drain_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/workers/{worker_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a drained worker take jobs again. */
        post: operations["resume_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in with email and password. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends the login that a refresh token came from. */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in, with what this user may use and uses now. */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Changes the password. All other sessions end. */
        post: operations["change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchanges a refresh token for new tokens. It works once: its second use ends all tokens that came from the same login.
         *     Only under the same `Idempotency-Key` it is taken once more within some seconds, because the answer may have been lost.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes an account and signs it in. */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * With `email`: sends a code there if an account has it (202 in either case). With `token` and `new_password`: sets the
         *     password and ends all sessions (204).
         */
        post: operations["reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists one's sessions, the last used first. */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        /** Ends all sessions but the one that asks. */
        delete: operations["end_other_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends one session: its tokens, streams and sockets end at once. */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/ticket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a key that opens one session socket within 30 seconds. */
        post: operations["ticket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists personal access tokens, without the tokens themselves. */
        get: operations["tokens"];
        put?: never;
        /** Makes a personal access token. The answer is the only place that ever shows it. */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a personal access token, at once. */
        delete: operations["delete_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Proves an address with the code that was mailed there. */
        post: operations["verify_email"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify/send": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends the caller a mail with a code that proves the address. */
        post: operations["send_verification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists one's projects, newest first. */
        get: operations["list_projects"];
        put?: never;
        /** Creates a project. */
        post: operations["create_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/files/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One file with its content, or one folder. */
        get: operations["read_file"];
        put?: never;
        post?: never;
        /** Puts a file, or a folder with all in it, into the trash. */
        delete: operations["delete_file"];
        options?: never;
        head?: never;
        /** Renames, moves or rewrites a file or folder. With `If-Match` nothing changes unless the content still is the named one. */
        patch: operations["update_file"];
        trace?: never;
    };
    "/api/v1/code/files/{file_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of a file, as a download. */
        get: operations["read_file_bytes"];
        /**
         * Replaces the bytes of a file, which may be in any encoding. With `If-Match` nothing changes unless the content still is the
         *     named one.
         */
        put: operations["write_file_bytes"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/refine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refines code with AI. */
        post: operations["refine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Searches all of one's projects, the newest two hundred. */
        get: operations["search_all"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project. */
        get: operations["read_project"];
        put?: never;
        post?: never;
        /** Deletes a project with its files, jobs and archives. */
        delete: operations["delete_project"];
        options?: never;
        head?: never;
        /** Changes a project's name, description, language or repository. */
        patch: operations["update_project"];
        trace?: never;
    };
    "/api/v1/code/{project_id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Downloads the whole project as it is at one moment. */
        get: operations["download_project"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/blobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Takes contents ahead of a commit: the files of a tar (plain, gzip or zstd), whatever their names there. */
        put: operations["put_blobs"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists a project's files and folders by path, without their content. */
        get: operations["list_files"];
        put?: never;
        /** Creates a file or folder, and the folders above it. */
        post: operations["create_file"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/files/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deletes, moves or copies many files and folders in one transaction. An item that can't be done is named in `failed` and does
         *     not stop the others. What is deleted or replaced goes into the trash.
         */
        post: operations["bulk_files"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what the file at a path has held, newest first: the present content, past ones, and that it was deleted. */
        get: operations["list_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/history/{version_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of one version, as a download. */
        get: operations["read_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/history/{version_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a file the content of a version again. Without `path` that is the file which had it, wherever it is now, or where it
         *     was if it is deleted. What it replaces becomes a version.
         */
        post: operations["restore_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/index": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The state of a project's index. */
        get: operations["read_index"];
        put?: never;
        /**
         * Brings a project's index up to date, which happens by itself after changes too. Answers the job that does it: the
         *     unfinished one, if there is one.
         */
        post: operations["build_index"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/noops": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Submits jobs that do nothing; exists only where `load_tests.enabled` is set. */
        post: operations["submit_noops"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Runs a command or a file of the project in a sandbox. */
        post: operations["run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Searches a project. Files are found as they were last saved, also those that no index has yet. */
        get: operations["search"];
        put?: never;
        /** Searches a project with buffers that are not saved: they count instead of the files at their paths. */
        post: operations["search_buffers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Opens the session socket of a project (WebSocket). */
        get: operations["open_session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a manifest and says which contents are missing and what a commit would do. */
        post: operations["plan_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/sync/commit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the project what the manifest says, all or nothing: the one in the body, or the last one posted to `sync`. */
        post: operations["commit_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/trash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what was deleted, newest first: a folder with all that was in it is one entry. */
        get: operations["list_trash"];
        put?: never;
        post?: never;
        /** Deletes all that is in the trash for good, with the history of its files. */
        delete: operations["empty_trash"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/trash/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Restores entries of the trash to where they were, with the folders above them that are missing. */
        post: operations["restore_trash"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/trash/{trash_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes one entry of the trash for good, with the history of its files. */
        delete: operations["purge_trash_entry"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/code/{project_id}/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Uploads one file, or a zip, tar, tar.gz or tar.zst archive that is unpacked over the project's files. What can't be part
         *     of a project is left out and named.
         */
        post: operations["upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists one's jobs, newest first. */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A job. */
        get: operations["read_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The artifacts of a job that has ended. */
        get: operations["list_artifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/artifacts/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An artifact's bytes. */
        get: operations["download_artifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancels a job: a queued one at once, a running one as fast as its worker hears of it. One that has ended stays as it is. */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows a job: `state`, `output`, `progress` and at last `result`, after which the stream ends. */
        get: operations["follow_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/input": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a running program input, the end of its input, or its terminal a new size. Answers how much was taken. */
        post: operations["send_input"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/output": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A job's output so far as raw bytes; `X-Engunity-Next-Offset` says where to go on. */
        get: operations["read_output"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runtimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The languages that can run, with their limits and a starter program each. */
        get: operations["list_runtimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The workers: slots, what is busy, version, last seen. */
        get: operations["list_workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says that the process answers. */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts and durations in the Prometheus text format. */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Says whether requests should come here, and how each dependency is.
         * @description 503 while the database or the broker is away, or this coordinator is about to end. `degraded` is ready: object storage is
         *     away, which only large files and artifacts need, or the broker takes no messages because of a resource alarm, so that
         *     jobs are accepted and wait.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One account with its limits and what it uses. */
        AccountDetail: components["schemas"]["AccountView"] & {
            limits: components["schemas"]["LimitsView"];
            /** @description What differs from the installation's limits. */
            own_limits: components["schemas"]["LimitsPatch"];
            usage: components["schemas"]["UsageView"];
        };
        /** @description A change of an account. */
        AccountPatch: {
            /** @description A disabled account cannot sign in, and all its sessions, tokens, streams and jobs end. */
            disabled?: boolean;
            limits?: components["schemas"]["LimitsPatch"];
            role?: components["schemas"]["Role"];
        };
        /** @description An account in a list. */
        AccountView: components["schemas"]["User"] & {
            disabled: boolean;
            /**
             * Format: date-time
             * @description The last sign-in or renewal of one.
             */
            last_used_at?: string | null;
        };
        /** @description The body of `PATCH /admin/limits`. */
        AllLimitsPatch: {
            installation?: components["schemas"]["InstallationLimitsPatch"];
            per_user?: components["schemas"]["LimitsPatch"];
        };
        /** @description Something a run left behind, kept in object storage. */
        Artifact: {
            executable?: boolean;
            /** @description BLAKE3, hex. */
            hash: string;
            path: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
        };
        /** @description What `PUT …/blobs` answers. */
        BlobsStored: {
            /** @description Hashes of what was stored, as computed by the server. */
            stored: string[];
        };
        BulkDone: {
            from: string;
            /** @description The file or folder; of a copy, the new one. */
            id: components["schemas"]["FileId"];
            /** @description Where it is now; of something deleted, where it was. */
            path: string;
        };
        BulkFailure: {
            code: components["schemas"]["ErrorCode"];
            detail: string;
            path: string;
        };
        /** @enum {string} */
        BulkOperation: "delete" | "move" | "copy";
        /** @description What a bulk call came to, item by item. What is in `done` is committed together. */
        BulkOutcome: {
            deletion_id?: components["schemas"]["DeletionId"] | null;
            done: components["schemas"]["BulkDone"][];
            failed: components["schemas"]["BulkFailure"][];
        };
        /** @description Deletes, moves or copies files and folders, each with all in it. */
        BulkRequest: {
            /** @description The limit counts bytes of UTF-8. */
            into?: string | null;
            on_conflict?: components["schemas"]["OnConflict"];
            operation: components["schemas"]["BulkOperation"];
            paths: string[];
        } & ({
            into?: null;
            /** @constant */
            operation?: "delete";
        } | {
            into: unknown;
            /** @enum {unknown} */
            operation?: "move" | "copy";
        });
        /**
         * @description How a content came about.
         * @enum {string}
         */
        Cause: "create" | "save" | "upload" | "sync" | "move" | "restore" | "delete" | "replace";
        /** @description A shell line, or an argv that no shell sees. */
        Command: string | [
            string
        ];
        /** @description What was searched. */
        Coverage: {
            /**
             * Format: int64
             * @description Texts that are to have vectors: functions, classes and other chunks.
             */
            chunks?: number;
            /**
             * Format: int64
             * @description Of these, the ones that have them.
             */
            embedded: number;
            /**
             * Format: int64
             * @description Files of the project.
             */
            files: number;
            /**
             * Format: int64
             * @description Files that text, regular expressions and paths can find.
             */
            indexed: number;
            /**
             * Format: int64
             * @description Files that are left out, wholly or in part; the index's state says why.
             */
            skipped: number;
        };
        /** @description What register, login and refresh answer. */
        Credentials: {
            access_token: string;
            /**
             * Format: int64
             * @description Seconds until the access token ends.
             */
            expires_in: number;
            refresh_token: string;
            /** @description Always `bearer`. */
            token_type: string;
            user: components["schemas"]["User"];
        };
        /**
         * Format: uuid
         * @description All that one change deleted.
         */
        DeletionId: string;
        /** @description The body of `POST /auth/verify`: the code of the mail. */
        EmailProof: {
            token: string;
        };
        /** @enum {string} */
        Encoding: "utf-8" | "base64";
        /**
         * @description Why a request was refused. Clients may rely on these names; the list only grows.
         * @enum {string}
         */
        ErrorCode: "invalid_input" | "malformed_body" | "malformed_request" | "unauthenticated" | "invalid_credentials" | "token_reused" | "forbidden" | "account_disabled" | "registration_closed" | "not_found" | "method_not_allowed" | "not_acceptable" | "conflict" | "precondition_failed" | "payload_too_large" | "uri_too_long" | "headers_too_large" | "range_not_satisfiable" | "unsupported_media_type" | "bad_archive" | "idempotency_mismatch" | "rate_limited" | "timeout" | "job_finished" | "not_running" | "input_closed" | "unknown_runtime" | "quota_exceeded" | "limit_reached" | "not_configured" | "unavailable" | "internal";
        /** @description One field that is wrong. */
        FieldError: {
            /** @description The field's name; dotted for nested ones (`limits.wall_s`). */
            field: string;
            message: string;
        };
        File: {
            /** @description True when the content is not UTF-8 text; its bytes are at `/code/files/{id}/content`. */
            binary?: boolean;
            /** @description The text. Left out of lists; `null` for folders and for files that are not UTF-8 text. */
            content?: string | null;
            /** Format: date-time */
            created_at: string;
            /** @description BLAKE3 of the content in hex (what `ETag` carries in quotes); `null` for folders. */
            etag?: string | null;
            id: components["schemas"]["FileId"];
            language?: string | null;
            name: string;
            parent_id?: components["schemas"]["FileId"] | null;
            /** @description From the project's root, with `/`, without a leading one. */
            path: string;
            project_id: components["schemas"]["ProjectId"];
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
            /** @description Where a symbolic link leads, which is its content too; absent for what is no link. */
            target?: string | null;
            type: components["schemas"]["FileType"];
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * Format: uuid
         * @description A file or folder (`code_files.id`).
         */
        FileId: string;
        /** @description A change: rename (`name`), move (`parent_id`, `null` is the root), new text (`content`). */
        FilePatch: {
            content?: string;
            language?: string | null;
            /** @description The limit counts bytes of UTF-8. */
            name?: string;
            parent_id?: components["schemas"]["FileId"] | null;
        };
        /** @enum {string} */
        FileType: "file" | "folder";
        Health: {
            status: string;
            version: string;
        };
        /** @enum {string} */
        IndexState: "none" | "building" | "ready";
        IndexStatus: {
            /**
             * Format: int64
             * @description Texts that are to have vectors: functions, classes and other chunks.
             */
            chunks: number;
            /**
             * Format: int64
             * @description Of these, the ones that have them.
             */
            embedded: number;
            /**
             * Format: int64
             * @description Files in the index.
             */
            files: number;
            /** Format: date-time */
            indexed_at?: string | null;
            job_id?: components["schemas"]["JobId"] | null;
            /**
             * Format: int64
             * @description Files that have changed since. A search reads them as they are now, as long as they are few.
             */
            pending?: number;
            /** Format: int64 */
            segments: number;
            /** @description Files that are left out and why, the first thousand of them. */
            skipped: components["schemas"]["SkippedFile"][];
            state: components["schemas"]["IndexState"];
        };
        /** @enum {string} */
        InputMode: "live" | "closed";
        /** @description The body of `POST /jobs/{job_id}/input`: bytes for the program, the end of its input, or a new terminal size. */
        InputRequest: {
            /** @description Bytes for the program, at most 65536 of them. */
            data?: string;
            encoding?: components["schemas"]["Encoding"];
            /** @description Nothing follows: the program reads the end of its input. */
            end?: boolean;
            /**
             * Format: int64
             * @description How many bytes this source sent before. A request that is repeated with its offset types nothing twice.
             */
            offset?: number | null;
            source?: string;
            terminal?: components["schemas"]["TerminalSize"] | null;
        };
        /** @description The answer to an [`InputRequest`]. */
        InputTaken: {
            /**
             * Format: int64
             * @description The source's next offset: all bytes before it have been taken. It is smaller than what was sent when the program
             *     reads more slowly; the rest is to be sent again a little later.
             */
            offset: number;
        };
        /** @description What all users together may use; 0 is no limit. */
        InstallationLimits: {
            /**
             * Format: int64
             * @description Of each coordinator.
             */
            concurrent_uploads: number;
            /**
             * Format: int64
             * @description Of each coordinator.
             */
            open_streams: number;
            /** Format: int64 */
            queued_jobs: number;
            /** Format: int64 */
            stored_bytes: number;
            /** Format: int64 */
            users: number;
        };
        /** @description A change of the installation's limits; `null` goes back to the configuration. */
        InstallationLimitsPatch: {
            /** @description 0 is no limit; `null` is the default. */
            concurrent_uploads?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            open_streams?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            queued_jobs?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            stored_bytes?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            users?: number | null;
        };
        /** @description An invitation; `code` is there only in the answer that made it. */
        Invitation: {
            code?: string | null;
            /** Format: date-time */
            created_at: string;
            email?: string | null;
            /** Format: date-time */
            expires_at: string;
            id: string;
        };
        Job: {
            /**
             * Format: int32
             * @description How often a worker has claimed it: 0 while it first waits.
             */
            attempt: number;
            class?: components["schemas"]["JobClass"];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            finished_at?: string | null;
            id: components["schemas"]["JobId"];
            kind: components["schemas"]["JobKind"];
            project_id: components["schemas"]["ProjectId"];
            runtime?: string | null;
            /** Format: date-time */
            started_at?: string | null;
            state: components["schemas"]["JobState"];
            /** @description What runs, for people: the command line. */
            title?: string | null;
            usage?: components["schemas"]["Usage"] | null;
            verdict?: components["schemas"]["Verdict"] | null;
            waiting?: components["schemas"]["Waiting"] | null;
            worker_id?: components["schemas"]["WorkerId"] | null;
        };
        /**
         * @description Which queue a job waits in: someone is looking at it, or it is one of many.
         * @enum {string}
         */
        JobClass: "interactive" | "bulk";
        /** @description One event. `event` is also the SSE event name, `data` its JSON. */
        JobEvent: {
            data: components["schemas"]["StateChange"];
            /** @enum {string} */
            event: "state";
        } | {
            data: components["schemas"]["Output"];
            /** @enum {string} */
            event: "output";
        } | {
            data: components["schemas"]["Progress"];
            /** @enum {string} */
            event: "progress";
        } | {
            /** @description The job as it ended; the stream then ends. */
            data: components["schemas"]["Job"];
            /** @enum {string} */
            event: "result";
        };
        /**
         * Format: uuid
         * @description A job (`jobs.id`).
         */
        JobId: string;
        /** @enum {string} */
        JobKind: "execute" | "index" | "refine" | "noop";
        /** @enum {string} */
        JobState: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "timed_out" | "lost";
        /** @description Limits of one run, all decided. */
        Limits: {
            /**
             * Format: double
             * @description Number of CPUs.
             */
            cpu: number;
            /**
             * Format: int64
             * @description Size of the writable file systems (project folder, `/tmp`), each, in MiB.
             */
            disk_mb: number;
            /** Format: int64 */
            memory_mb: number;
            /**
             * Format: int64
             * @description Both streams together, in KiB.
             */
            output_kb: number;
            /**
             * Format: int64
             * @description Processes and threads at one time.
             */
            pids: number;
            /**
             * Format: double
             * @description Seconds of wall-clock time, from the program's start.
             */
            wall_s: number;
        };
        /** @description The limits of the installation. */
        LimitsAnswer: {
            installation: components["schemas"]["InstallationLimits"];
            /** @description What each user may use, where the account has no limits of its own. */
            per_user: components["schemas"]["LimitsView"];
        };
        /** @description A change of limits: absent leaves one alone, `null` goes back to the default. */
        LimitsPatch: {
            /** @description 0 is no limit; `null` is the default. */
            artifact_bytes_per_day?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            concurrent_uploads?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            cpu_seconds_per_day?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            open_streams?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            output_bytes_per_day?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            projects?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            queued_jobs?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            running_jobs?: number | null;
            /** @description 0 is no limit; `null` is the default. */
            stored_bytes?: number | null;
        };
        /** @description What the caller asks for; what is absent takes the runtime's default. */
        LimitsRequest: {
            /**
             * Format: double
             * @description Number of CPUs.
             */
            cpu?: number | null;
            /** Format: int64 */
            memory_mb?: number | null;
            /**
             * Format: int64
             * @description Both streams together, in KiB.
             */
            output_kb?: number | null;
            /** Format: int64 */
            pids?: number | null;
            /**
             * Format: double
             * @description Seconds of wall-clock time.
             */
            wall_s?: number | null;
        };
        /** @description The limits of one user; 0 is no limit. */
        LimitsView: {
            /**
             * Format: int64
             * @description Bytes of artifacts, each day.
             */
            artifact_bytes_per_day: number;
            /**
             * Format: int64
             * @description Uploads at one time.
             */
            concurrent_uploads: number;
            /**
             * Format: int64
             * @description CPU-seconds of ended jobs, each day (UTC).
             */
            cpu_seconds_per_day: number;
            /**
             * Format: int64
             * @description Event streams and session sockets that are open at one time.
             */
            open_streams: number;
            /**
             * Format: int64
             * @description Bytes of recorded output, each day.
             */
            output_bytes_per_day: number;
            /** Format: int64 */
            projects: number;
            /**
             * Format: int64
             * @description Jobs that wait or run.
             */
            queued_jobs: number;
            /**
             * Format: int64
             * @description Jobs that run at one time; more wait.
             */
            running_jobs: number;
            /**
             * Format: int64
             * @description Bytes of all files of all projects.
             */
            stored_bytes: number;
        };
        Login: {
            email: string;
            password: string;
        };
        /** @description The body of `POST …/sync`, and of `…/sync/commit` where the manifest is sent again or changed. */
        Manifest: {
            files: components["schemas"]["ManifestEntry"][];
            /** @description Folders to have although no file lies in them. */
            folders?: string[];
            /** @description Keep files of the project that the manifest does not name (default: they are removed at commit). */
            keep?: boolean;
        };
        /** @description One file of a manifest. */
        ManifestEntry: {
            /** @description BLAKE3 of the content, hex. */
            hash: string;
            /**
             * Format: int32
             * @description Unix mode; the executable bit is kept, and 0o120000 makes a symbolic link whose target is the content.
             */
            mode?: number;
            /** @description The limit counts bytes of UTF-8. */
            path: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
        };
        /** @description What `GET /auth/me` answers. */
        Me: components["schemas"]["User"] & {
            limits: components["schemas"]["LimitsView"];
            usage: components["schemas"]["UsageView"];
        };
        /** @description `{path, type, content?}` or `{name, parent_id?, type, content?}`. */
        NewFile: ({
            content?: string | null;
            language?: string | null;
            /** @description The limit counts bytes of UTF-8. */
            name?: string | null;
            parent_id?: components["schemas"]["FileId"] | null;
            /** @description The limit counts bytes of UTF-8. */
            path?: string | null;
            type: components["schemas"]["FileType"];
        } | {
            /** @constant */
            type?: "file";
        } | {
            content?: null;
            /** @constant */
            type?: "folder";
        }) & ({
            name?: null;
            parent_id?: null;
            path: unknown;
        } | {
            name: unknown;
            path?: null;
        });
        NewInvitation: {
            email?: string | null;
            expires_in_days?: number;
        };
        NewPersonalToken: {
            /** @description Days until it ends; absent: never. */
            expires_in_days?: number | null;
            name: string;
        };
        NewProject: {
            description?: string | null;
            language?: string | null;
            name: string;
            repository_url?: string | null;
        };
        NoopsRequest: {
            class?: components["schemas"]["JobClass"];
            /** @description How many, answered as a list; absent: one, answered by itself. */
            count?: number | null;
        };
        /**
         * @description What happens where something of that name is there already.
         * @enum {string}
         */
        OnConflict: "fail" | "rename" | "replace";
        Output: {
            /** Format: int32 */
            attempt?: number;
            data: string;
            encoding: components["schemas"]["Encoding"];
            /**
             * Format: int64
             * @description Offset of the first byte within its stream.
             */
            offset: number;
            stream: components["schemas"]["Stream"];
        };
        /** @description The body of `POST /auth/password`. */
        PasswordChange: {
            current_password: string;
            new_password: string;
        };
        /** @description The body of `POST /auth/reset`: an email asks for a code; the code and a new password set it. */
        PasswordReset: {
            email?: string | null;
            new_password?: string | null;
            token?: string | null;
        };
        /** @description Who did something. */
        Person: {
            /** Format: int32 */
            id: number;
            /** @description The name, or else the email. */
            name: string;
        };
        /** @description A personal access token; `token` is there only in the answer that made it. */
        PersonalToken: {
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at?: string | null;
            id: string;
            /** Format: date-time */
            last_used_at?: string | null;
            name: string;
            /** @description The first characters, to tell tokens apart. */
            prefix: string;
            token?: string | null;
        };
        PoolView: {
            pool: string;
            /** Format: int64 */
            queued: number;
            /**
             * Format: int64
             * @description Handed to the broker and not claimed yet.
             */
            released: number;
            /** Format: int64 */
            running: number;
            /**
             * Format: int64
             * @description Slots of living workers that take jobs.
             */
            slots: number;
        };
        /** @description An `application/problem+json` body (RFC 9457). */
        Problem: {
            code: components["schemas"]["ErrorCode"];
            detail: string;
            errors?: components["schemas"]["FieldError"][];
            /** @description With `precondition_failed`: the current content hash. */
            etag?: string | null;
            limit?: components["schemas"]["ReachedLimit"] | null;
            /** Format: int32 */
            status: number;
            title: string;
            /** @description The address of the page about `code`. */
            type: string;
        };
        Progress: {
            /**
             * Format: double
             * @description 0 to 1, where it can be told.
             */
            fraction?: number | null;
            /** @description What is being done, in words: `unpacking 214 files`. */
            message: string;
            /** @description True for what the next message does not outdate: `not kept: "out/link": it is not a regular file`. */
            remark?: boolean;
        };
        Project: {
            /** Format: date-time */
            created_at: string;
            description?: string | null;
            id: components["schemas"]["ProjectId"];
            language?: string | null;
            name: string;
            repository_url?: string | null;
            /** @description Where the last uploaded archive lies in object storage. */
            storage_path?: string | null;
            /** Format: date-time */
            updated_at: string;
            /** Format: int32 */
            user_id: number;
        };
        /**
         * Format: uuid
         * @description A project (`code_projects.id`).
         */
        ProjectId: string;
        /** @description A change: an absent field stays as it is, `null` clears it (the name can't be cleared). */
        ProjectPatch: {
            description?: string | null;
            language?: string | null;
            name?: string;
            repository_url?: string | null;
        };
        /** @description What waits and what runs. */
        QueueView: {
            /**
             * Format: int64
             * @description Seconds that the oldest waiting job has waited.
             */
            oldest_s?: number | null;
            pools: components["schemas"]["PoolView"][];
            /**
             * Format: int64
             * @description Jobs that wait, released or not.
             */
            queued: number;
            /** Format: int64 */
            running: number;
            /** @description Users with jobs, most first; at most 100. */
            users: components["schemas"]["QueuedUser"][];
        };
        QueuedUser: {
            email: string;
            /** Format: int64 */
            queued: number;
            /** Format: int64 */
            running: number;
            /** Format: int32 */
            user_id: number;
        };
        /** @description A limit that stopped a request, as the problem document tells it. */
        ReachedLimit: {
            /** Format: int64 */
            limit: number;
            name: string;
            /** Format: int64 */
            used: number;
        };
        /** @description Each dependency: `ok`, or what is wrong with it. */
        Readiness: {
            broker: string;
            object_storage: string;
            postgres: string;
            ready: boolean;
            status: components["schemas"]["ReadinessStatus"];
        };
        /**
         * @description Whether requests should come here.
         * @enum {string}
         */
        ReadinessStatus: "ready" | "degraded" | "draining" | "unavailable";
        /** @enum {string} */
        Reason: "ok" | "exit" | "signal" | "oom" | "wall" | "cpu" | "output_cap" | "pids" | "disk" | "cancelled" | "worker_lost" | "image_missing" | "internal";
        /** @description The body of `POST /auth/refresh` and `POST /auth/logout`. */
        RefreshToken: {
            refresh_token: string;
        };
        Register: {
            email: string;
            invitation?: string | null;
            name?: string | null;
            password: string;
        };
        RestoredItem: {
            /** @description The file or folder, the same as before it was deleted. */
            id: components["schemas"]["FileId"];
            path: string;
        };
        /**
         * @description What a user may do beside using one's own things.
         * @enum {string}
         */
        Role: "user" | "admin";
        /** @description The body of `POST /code/{project_id}/runs`. */
        RunRequest: {
            /** @description Globs of what to keep from the project's folder after the run: relative, without `..`. */
            artifacts?: string[];
            class?: components["schemas"]["JobClass"];
            command?: components["schemas"]["Command"] | null;
            /** @description The limit counts bytes of UTF-8. */
            entry?: string | null;
            env?: {
                [key: string]: string;
            };
            input?: components["schemas"]["InputMode"] | null;
            limits?: components["schemas"]["LimitsRequest"] | null;
            /** @description Else by the entry's extension, else by the project's language. */
            runtime?: string | null;
            stdin?: string | null;
            terminal?: components["schemas"]["TerminalSize"] | null;
            /**
             * @description Gives the program a terminal: all output is one stream (stdout) in the order it was written, and what is typed
             *     reaches it.
             */
            tty?: boolean;
        } & ({
            command: unknown;
            entry?: null;
        } | {
            command?: null;
            entry: unknown;
        });
        RuntimeView: {
            aliases: string[];
            extensions: string[];
            limits: components["schemas"]["Limits"];
            max_limits: components["schemas"]["Limits"];
            name: string;
            /** @description The shell line that runs `{entry}`. */
            run: string;
            /** @description File name of a starter program. */
            starter: string;
            /** @description Text of the starter program. */
            starter_content: string;
            /** @description A command that runs a project's tests, as a suggestion. */
            test?: string | null;
            title: string;
        };
        /** @description What one feature gave to a hit's score. */
        ScoreShare: {
            feature: string;
            /** Format: double */
            share: number;
        };
        SearchAnswer: {
            coverage: components["schemas"]["Coverage"];
            /**
             * @description Everything that can be searched was looked at as it is now: the time did not run out, and no changed file waits for
             *     the next index.
             */
            exact: boolean;
            hits: components["schemas"]["SearchHit"][];
            /** @description Why the answer is less than it could be, in words. */
            notes?: string[];
            /**
             * Format: double
             * @description Milliseconds, from the request's arrival on.
             */
            took_ms: number;
            /** @description There are more hits than `limit`. */
            truncated?: boolean;
        };
        SearchBuffer: {
            /** @description The limit counts bytes of UTF-8. */
            path: string;
            text: string;
        };
        /** @enum {string} */
        SearchCase: "smart" | "sensitive" | "insensitive";
        SearchHit: {
            /**
             * Format: int32
             * @description The last line, included.
             */
            end_line: number;
            file_id?: components["schemas"]["FileId"] | null;
            /** @description Ranges `[start, end)` of the snippet, in UTF-16 code units, as JavaScript and editors count. */
            highlights: number[][];
            language?: string | null;
            path: string;
            project_id: components["schemas"]["ProjectId"];
            /**
             * Format: double
             * @description Comparable within one answer only.
             */
            score: number;
            snippet: string;
            /**
             * Format: int32
             * @description The line that the snippet begins with.
             */
            snippet_line?: number;
            /**
             * Format: int32
             * @description From 1.
             */
            start_line: number;
            symbol?: components["schemas"]["SearchSymbol"] | null;
            why?: components["schemas"]["SearchWhy"] | null;
        };
        /** @enum {string} */
        SearchMode: "hybrid" | "lexical" | "semantic" | "symbol" | "regex" | "text" | "path";
        /** @description The body of `POST …/search`: a query with buffers that are not saved. */
        SearchRequest: {
            /** @description Texts that count instead of the saved files of these paths. */
            buffers?: components["schemas"]["SearchBuffer"][];
            case?: components["schemas"]["SearchCase"] | null;
            /**
             * Format: int32
             * @description Lines around each hit in its snippet.
             */
            context?: number | null;
            /** @description Says of each hit how its score came about. */
            explain?: boolean;
            lang?: string | null;
            /**
             * Format: int32
             * @description How many hits at most.
             */
            limit?: number | null;
            mode?: components["schemas"]["SearchMode"];
            /** @description The limit counts bytes of UTF-8. */
            path?: string | null;
            /** @description The limit counts bytes of UTF-8. */
            q: string;
        };
        SearchSymbol: {
            /** @description `function`, `class`, `method` and the like. */
            kind: string;
            name: string;
            /** @description What it is in: `Session.Actor`. */
            scope?: string | null;
        };
        /** @description How a hit's score came about. */
        SearchWhy: {
            /** @description `words`, `meaning`, `symbol`, `text`, `path`, `traceback`. */
            found_by: string[];
            /** @description The largest first. */
            shares: components["schemas"]["ScoreShare"][];
        };
        /** @description A sign-in that has not ended. */
        Session: {
            address?: string | null;
            /** Format: date-time */
            created_at: string;
            /** @description This request came from it. */
            current: boolean;
            id: string;
            /**
             * Format: date-time
             * @description When its tokens were last renewed.
             */
            last_used_at: string;
            user_agent?: string | null;
        };
        /** @description A file that is not in the index. */
        SkippedFile: {
            path: string;
            why: string;
        };
        StateChange: {
            /**
             * Format: int32
             * @description A higher attempt than before means that output starts again at offset 0.
             */
            attempt: number;
            because?: string | null;
            state: components["schemas"]["JobState"];
            worker_id?: components["schemas"]["WorkerId"] | null;
        };
        /** @enum {string} */
        Stream: "stdout" | "stderr";
        /** @description One job, or a list where a count was given. */
        Submitted: components["schemas"]["Job"] | components["schemas"]["Job"][];
        /** @description What `POST …/sync` answers: what to send, and what a commit would do. */
        SyncPlan: {
            /** Format: int64 */
            added: number;
            /** Format: int64 */
            changed: number;
            /** @description Hashes whose content the server does not have. */
            missing: string[];
            /** @description Paths that a commit would remove. */
            removed: string[];
            /** Format: int64 */
            unchanged: number;
        };
        /** @description The size of a terminal in characters. */
        TerminalSize: {
            /** Format: int32 */
            cols: number;
            /** Format: int32 */
            rows: number;
        };
        /** @description A single-use key for opening one WebSocket. */
        Ticket: {
            /**
             * Format: int64
             * @description Seconds.
             */
            expires_in: number;
            ticket: string;
        };
        /** @description A deleted file or folder, with all that was in it. */
        TrashEntry: {
            /** Format: date-time */
            deleted_at: string;
            deleted_by?: components["schemas"]["Person"] | null;
            /** @description The same for all that one call deleted. */
            deletion_id: components["schemas"]["DeletionId"];
            /**
             * Format: date-time
             * @description When it is deleted for good; `null`: never.
             */
            expires_at?: string | null;
            /**
             * Format: int64
             * @description Files in it, or 1.
             */
            files: number;
            id: components["schemas"]["TrashId"];
            /** @description Where it was. */
            path: string;
            /**
             * Format: int64
             * @description Bytes of all of them.
             */
            size: number;
            type: components["schemas"]["FileType"];
        };
        /**
         * Format: uuid
         * @description A deleted file or folder, with all that was in it.
         */
        TrashId: string;
        /** @description What to restore: by the ids of entries of the trash, or all that one call deleted. */
        TrashRestore: {
            deletion_id?: components["schemas"]["DeletionId"] | null;
            ids?: components["schemas"]["TrashId"][] | null;
            on_conflict?: components["schemas"]["OnConflict"];
        } & ({
            deletion_id?: null;
            ids: unknown;
        } | {
            deletion_id: unknown;
            ids?: null;
        });
        /** @description What a restore came to, item by item. */
        TrashRestored: {
            done: components["schemas"]["RestoredItem"][];
            failed: components["schemas"]["BulkFailure"][];
        };
        /** @description The form, for the document. */
        UploadForm: {
            /** Format: binary */
            file: string;
            /** @description The limit counts bytes of UTF-8. */
            path?: string;
        };
        /** @description What an upload answers: the project, and what was left out of the archive. */
        Uploaded: components["schemas"]["Project"] & {
            /** @description Entries that can't be part of a project; the first ones, where there are very many. */
            skipped: components["schemas"]["SkippedFile"][];
            /**
             * Format: int64
             * @description How many were left out in all.
             */
            skipped_total: number;
        };
        /** @description What a run cost. */
        Usage: {
            /** Format: int64 */
            cpu_ms: number;
            /** Format: int64 */
            peak_memory_bytes: number;
            /** Format: int64 */
            wall_ms: number;
        };
        /** @description What the limits count, as it is now. */
        UsageView: {
            /**
             * Format: int64
             * @description Bytes of artifacts, each day.
             */
            artifact_bytes_per_day: number;
            /**
             * Format: int64
             * @description Uploads at one time.
             */
            concurrent_uploads: number;
            /**
             * Format: int64
             * @description CPU-seconds of ended jobs, each day (UTC).
             */
            cpu_seconds_per_day: number;
            /**
             * Format: int64
             * @description Event streams and session sockets that are open at one time.
             */
            open_streams: number;
            /**
             * Format: int64
             * @description Bytes of recorded output, each day.
             */
            output_bytes_per_day: number;
            /** Format: int64 */
            projects: number;
            /**
             * Format: int64
             * @description Jobs that wait or run.
             */
            queued_jobs: number;
            /**
             * Format: int64
             * @description Jobs that run at one time; more wait.
             */
            running_jobs: number;
            /**
             * Format: int64
             * @description Bytes of all files of all projects.
             */
            stored_bytes: number;
        };
        User: {
            /** Format: date-time */
            created_at: string;
            email: string;
            /** @description The user has proved that the address is one's own. */
            email_verified?: boolean;
            /** Format: int32 */
            id: number;
            name?: string | null;
            role?: components["schemas"]["Role"];
        };
        Verdict: {
            /** @description What was measured, in words: `oom_kill=1, peak 256/256 MiB`. */
            evidence: string;
            /** Format: int32 */
            exit_code?: number | null;
            reason: components["schemas"]["Reason"];
            /**
             * Format: int32
             * @description The signal's number.
             */
            signal?: number | null;
        };
        /** @description One entry of a file's history: a content that it has or had. */
        Version: {
            author?: components["schemas"]["Person"] | null;
            cause: components["schemas"]["Cause"];
            /** Format: date-time */
            created_at: string;
            /** @description It is what the file has now. */
            current: boolean;
            /** @description BLAKE3 of the content, hex. */
            hash: string;
            id: components["schemas"]["VersionId"];
            /** @description Where the file was then. */
            path: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
        };
        /**
         * Format: uuid
         * @description One content that a file has or had.
         */
        VersionId: string;
        /** @description Where a version is restored to: the file it is of, or the one at `path`. */
        VersionRestore: {
            /** @description The limit counts bytes of UTF-8. */
            path?: string | null;
        };
        Waiting: {
            /** @description In words: `all 4 slots are busy`, `no worker is connected`. */
            because: string;
            /**
             * Format: int64
             * @description 1 is next.
             */
            position: number;
        };
        Worker: {
            /** Format: int32 */
            busy: number;
            id: components["schemas"]["WorkerId"];
            /** Format: date-time */
            last_seen: string;
            /** @description The name the operator gave it; survives restarts. */
            name: string;
            /** Format: int32 */
            slots: number;
            /** Format: date-time */
            started_at: string;
            state: components["schemas"]["WorkerState"];
            version: string;
        };
        /** @description One life of a worker process: a restarted worker has a new id, so that its old leases are not its own. */
        WorkerId: string;
        /** @enum {string} */
        WorkerState: "ready" | "draining" | "deaf" | "gone";
    };
    responses: {
        /** @description A refusal; `code` says which, and `type` is the address of a page about it. */
        Refusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_invitations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"][];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    invite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewInvitation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    delete_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                invitation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsAnswer"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    change_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AllLimitsPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsAnswer"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_queue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueView"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description part of an email or name */
                q?: string;
                /** @description How many at most; `Link` names the next page. */
                limit?: number;
                /** @description From the `Link` header of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"][];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetail"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    change_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetail"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    drain_worker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                worker_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    resume_worker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                worker_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credentials"];
                };
            };
            400: components["responses"]["Refusal"];
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshToken"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key and body have the same effect, once */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshToken"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credentials"];
                };
            };
            400: components["responses"]["Refusal"];
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Register"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credentials"];
                };
            };
            400: components["responses"]["Refusal"];
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"][];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    end_other_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    ticket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonalToken"][];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPersonalToken"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonalToken"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    delete_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    verify_email: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailProof"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    send_verification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    list_projects: {
        parameters: {
            query?: {
                /** @description How many at most; `Link` names the next page. */
                limit?: number;
                /** @description From the `Link` header of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"][];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    create_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProject"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    read_file: {
        parameters: {
            query?: never;
            header?: {
                /** @description tags that the client has already: 304 where the content has one */
                "If-None-Match"?: string;
            };
            path: {
                file_id: components["schemas"]["FileId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    delete_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: components["schemas"]["FileId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    update_file: {
        parameters: {
            query?: never;
            header?: {
                /** @description tags of which the content must have one, else 412 */
                "If-Match"?: string;
            };
            path: {
                file_id: components["schemas"]["FileId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FilePatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_file_bytes: {
        parameters: {
            query?: never;
            header?: {
                /** @description tags that the client has already: 304 where the content has one */
                "If-None-Match"?: string;
                /** @description `bytes=first-last`, `bytes=first-` or `bytes=-count`; of several ranges the whole is sent */
                Range?: string;
                /** @description the content's `ETag`: where it is another one now, the whole is sent */
                "If-Range"?: string;
            };
            path: {
                file_id: components["schemas"]["FileId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Refusal"];
            416: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    write_file_bytes: {
        parameters: {
            query?: never;
            header?: {
                /** @description tags of which the content must have one, else 412 */
                "If-Match"?: string;
            };
            path: {
                file_id: components["schemas"]["FileId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/octet-stream": number[];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Precondition Failed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    refine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    search_all: {
        parameters: {
            query: {
                /** @description What is searched for. The limit counts bytes of UTF-8. */
                q: string;
                mode?: components["schemas"]["SearchMode"];
                /** @description Whether upper and lower case are told apart; absent: by a regular expression, else where `q` has a capital letter. */
                case?: "smart" | "sensitive" | "insensitive" | "true" | "false";
                /** @description Only files of this language, such as `python`. */
                lang?: string;
                /** @description Only files whose path matches this glob; with `!` in front, only others. */
                path?: string;
                /** @description How many hits at most. */
                limit?: number;
                /** @description Says of each hit how its score came about. */
                explain?: "true" | "false" | "1" | "0";
                /** @description Lines before and after each hit that its snippet has as well. */
                context?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchAnswer"];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    read_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    delete_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    update_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectPatch"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    download_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/gzip": unknown;
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    put_blobs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/x-tar": number[];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlobsStored"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_files: {
        parameters: {
            query?: {
                /** @description How many at most; `Link` names the next page. */
                limit?: number;
                /** @description From the `Link` header of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"][];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    create_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFile"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    bulk_files: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkOutcome"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description `into` is a file. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_history: {
        parameters: {
            query: {
                /** @description The path of a file; it may be deleted. */
                path: string;
                /** @description How many at most; `Link` names the next page. */
                limit?: number;
                /** @description From the `Link` header of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"][];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_version: {
        parameters: {
            query?: never;
            header?: {
                /** @description tags that the client has already: 304 where the content has one */
                "If-None-Match"?: string;
                /** @description `bytes=first-last`, `bytes=first-` or `bytes=-count`; of several ranges the whole is sent */
                Range?: string;
                /** @description the content's `ETag`: where it is another one now, the whole is sent */
                "If-Range"?: string;
            };
            path: {
                project_id: components["schemas"]["ProjectId"];
                version_id: components["schemas"]["VersionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Refusal"];
            416: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    restore_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
                version_id: components["schemas"]["VersionId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["VersionRestore"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_index: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IndexStatus"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    build_index: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    submit_noops: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NoopsRequest"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Submitted"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    run: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key and body have the same effect, once */
                "Idempotency-Key"?: string;
            };
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunRequest"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            404: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    search: {
        parameters: {
            query: {
                /** @description What is searched for. The limit counts bytes of UTF-8. */
                q: string;
                mode?: components["schemas"]["SearchMode"];
                /** @description Whether upper and lower case are told apart; absent: by a regular expression, else where `q` has a capital letter. */
                case?: "smart" | "sensitive" | "insensitive" | "true" | "false";
                /** @description Only files of this language, such as `python`. */
                lang?: string;
                /** @description Only files whose path matches this glob; with `!` in front, only others. */
                path?: string;
                /** @description How many hits at most. */
                limit?: number;
                /** @description Says of each hit how its score came about. */
                explain?: "true" | "false" | "1" | "0";
                /** @description Lines before and after each hit that its snippet has as well. */
                context?: number;
            };
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchAnswer"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    search_buffers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SearchRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchAnswer"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
    open_session: {
        parameters: {
            query?: {
                /** @description from POST /api/v1/auth/ticket; works once */
                ticket?: string;
            };
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a WebSocket of tagged JSON messages; `{"type":"hello","last_seq":n,"epoch":e}` resumes */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            404: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    plan_sync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Manifest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncPlan"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    commit_sync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Manifest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Contents are missing; `errors` names their hashes. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_trash: {
        parameters: {
            query?: {
                /** @description How many at most; `Link` names the next page. */
                limit?: number;
                /** @description From the `Link` header of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrashEntry"][];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    empty_trash: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    restore_trash: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrashRestore"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrashRestored"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    purge_trash_entry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
                trash_id: components["schemas"]["TrashId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    upload: {
        parameters: {
            query?: {
                /** @description Take off the single top folder of an archive. */
                strip?: "1" | "0" | "true" | "false";
            };
            header?: never;
            path: {
                project_id: components["schemas"]["ProjectId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["UploadForm"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Uploaded"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Payload Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                project_id?: components["schemas"]["ProjectId"];
                state?: components["schemas"]["JobState"];
                kind?: components["schemas"]["JobKind"];
                /** @description How many at most; `Link` names the next page. */
                limit?: number;
                /** @description From the `Link` header of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_artifacts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifact"][];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    download_artifact: {
        parameters: {
            query?: never;
            header?: {
                /** @description tags that the client has already: 304 where the content has one */
                "If-None-Match"?: string;
                /** @description `bytes=first-last`, `bytes=first-` or `bytes=-count`; of several ranges the whole is sent */
                Range?: string;
                /** @description the content's `ETag`: where it is another one now, the whole is sent */
                "If-Range"?: string;
            };
            path: {
                job_id: components["schemas"]["JobId"];
                /** @description an artifact's path, with its slashes */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not Modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["Refusal"];
            416: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    follow_job: {
        parameters: {
            query?: {
                /** @description event number to begin after */
                after?: number;
            };
            header?: {
                /** @description the same, as browsers send it */
                "Last-Event-ID"?: string;
            };
            path: {
                job_id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        data: string;
                        event: string;
                        id: string;
                    };
                };
            };
            /** @description everything was read before */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    send_input: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InputRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InputTaken"];
                };
            };
            400: components["responses"]["Refusal"];
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Refusal"];
            415: components["responses"]["Refusal"];
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    read_output: {
        parameters: {
            query?: {
                /** @description stdout if absent */
                stream?: components["schemas"]["Stream"];
                /** @description in bytes */
                offset?: number;
            };
            header?: never;
            path: {
                job_id: components["schemas"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            401: components["responses"]["Refusal"];
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            422: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_runtimes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuntimeView"][];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    list_workers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"][];
                };
            };
            401: components["responses"]["Refusal"];
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            429: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            503: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            408: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            default: components["responses"]["Refusal"];
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            406: components["responses"]["Refusal"];
            408: components["responses"]["Refusal"];
            500: components["responses"]["Refusal"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            default: components["responses"]["Refusal"];
        };
    };
}
