/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ttm_vram_backup

#if !defined(_TTM_VRAM_BACKUP_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _TTM_VRAM_BACKUP_TRACE_H_

#include <linux/device.h>
#include <linux/tracepoint.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_vram_backup.h>

TRACE_EVENT(ttm_vram_backup_phase,
	    TP_PROTO(struct ttm_vram_backup *vb,
		     enum ttm_vram_backup_phase phase),
	    TP_ARGS(vb, phase),
	    TP_STRUCT__entry(__string(dev, dev_name(vb->dev))
			     __field(int, from)
			     __field(int, to)
			     __field(int, kind)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->from = vb->phase;
			   __entry->to = phase;
			   __entry->kind = vb->kind;),
	    TP_printk("dev=%s from=%s to=%s kind=%d", __get_str(dev),
		      ttm_vram_backup_phase_name(__entry->from),
		      ttm_vram_backup_phase_name(__entry->to), __entry->kind)
);

TRACE_EVENT(ttm_vram_backup_object,
	    TP_PROTO(struct ttm_vram_backup *vb,
		     struct ttm_vram_backup_object *obj, bool restore,
		     enum ttm_vram_backup_engine engine, int err),
	    TP_ARGS(vb, obj, restore, engine, err),
	    TP_STRUCT__entry(__string(dev, dev_name(vb->dev))
			     __field(const void *, obj)
			     __field(u64, size)
			     __field(int, list)
			     __field(bool, restore)
			     __field(int, engine)
			     __field(int, err)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->obj = obj;
			   __entry->size = obj->size;
			   __entry->list = obj->list;
			   __entry->restore = restore;
			   __entry->engine = engine;
			   __entry->err = err;),
	    TP_printk("dev=%s obj=%p %s by=%s list=%d size=%llu err=%d",
		      __get_str(dev), __entry->obj,
		      __entry->restore ? "restore" : "save",
		      __entry->engine == TTM_VRAM_BACKUP_CPU ? "cpu" : "blit",
		      __entry->list, __entry->size, __entry->err)
);

TRACE_EVENT(ttm_vram_backup_evict,
	    TP_PROTO(struct ttm_vram_backup *vb, struct ttm_buffer_object *bo,
		     const char *step, int err),
	    TP_ARGS(vb, bo, step, err),
	    TP_STRUCT__entry(__string(dev, dev_name(vb->dev))
			     __field(const void *, bo)
			     __field(u64, size)
			     __string(step, step)
			     __field(int, err)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->bo = bo;
			   __entry->size = bo->base.size;
			   __assign_str(step);
			   __entry->err = err;),
	    TP_printk("dev=%s bo=%p %s size=%llu err=%d", __get_str(dev),
		      __entry->bo, __get_str(step), __entry->size,
		      __entry->err)
);

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE ttm_vram_backup_trace
#include <trace/define_trace.h>
